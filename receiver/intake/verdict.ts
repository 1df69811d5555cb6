import { codeOf } from '../../core/errors.ts';
import type { WaitingEvent } from '../catalogue/catalogue.ts';
import { BatchRefused, EventRejected } from '../errors.ts';

/**
 * What becomes of an event whose handling failed.
 * - `refuse`: for good, and the device is told
 * - `reject`: for good, on record only: nobody can be told, or nobody is believed
 * - `retry`: later; it keeps nothing else waiting
 */
export type Verdict =
  | { readonly kind: 'refuse'; readonly code: string; readonly message: string }
  | { readonly kind: 'reject'; readonly code: string; readonly message: string }
  | { readonly kind: 'retry'; readonly code: string };

export interface VerdictRules {
  readonly blobPatienceMs: number;
  readonly maxAttempts: number;
}

/** What passes by itself or by an operator's hand, however long it takes: the hub, the disk, the database. */
const patient = new Set(['HUB_UNAVAILABLE', 'HUB_DENIED', 'SERVER_NOT_TRUSTED', 'HUB_PROTOCOL', 'DISK_FULL']);
const systemError = /^(SQLITE_[A-Z_]+|E[A-Z0-9]+)$/;

export function judgeFailure(error: unknown, event: WaitingEvent, now: Date, rules: VerdictRules): Verdict {
  if (error instanceof BatchRefused) return { kind: 'refuse', code: error.code, message: error.message };
  if (error instanceof EventRejected) return { kind: 'reject', code: error.code, message: error.message };
  const code = codeOf(error) ?? 'INTERNAL';
  if (patient.has(code) || systemError.test(code)) return { kind: 'retry', code };
  if (code === 'BLOB_MISSING') {
    const waitedMs = now.getTime() - Date.parse(event.firstFailedAt ?? now.toISOString());
    if (waitedMs < rules.blobPatienceMs) return { kind: 'retry', code };
    return { kind: 'refuse', code: 'BLOB_LOST', message: 'a blob of the batch did not appear in time' };
  }
  if (event.attempts + 1 < rules.maxAttempts) return { kind: 'retry', code };
  return { kind: 'reject', code, message: `given up after ${rules.maxAttempts} tries` };
}
