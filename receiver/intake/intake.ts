import type { Clock } from '../../core/clock.ts';
import { describe, type Log } from '../../core/log.ts';
import { backoff, type Delay } from '../../core/retry.ts';
import type { Manifest, ManifestArchive } from '../../protocol/batch.ts';
import type { ArchiveRow, Catalogue, Rejection, Settled, SignReceipt, WaitingEvent } from '../catalogue/catalogue.ts';
import { BatchRefused } from '../errors.ts';
import type { CertificateRules } from './device-certificate.ts';
import { type FetchDeps, fetchArchive } from './fetch.ts';
import { takeItems } from './items.ts';
import { checkManifest, ManifestUnreadable, verifyManifest } from './manifest.ts';
import { judgeFailure, type Verdict, type VerdictRules } from './verdict.ts';

export interface IntakeDeps extends FetchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly sign: SignReceipt;
  readonly certificates: CertificateRules;
  readonly rules: VerdictRules;
  readonly retryFirstMs: number;
  readonly retryCeilingMs: number;
}

/** What became of one event. `settled`: the device has an answer to hear. */
export type IntakeOutcome = 'settled' | 'rejected' | 'postponed';

/**
 * Deals with one waiting event: believe it, make its archives durable objects, enter them with a receipt. Whatever
 * happens, the event's row is gone or has a new due time when this returns. Rejects only when the catalogue fails or
 * `signal` aborts; then nothing has changed and the event is dealt with again.
 */
export class Intake {
  readonly #deps: IntakeDeps;
  readonly #delay: Delay;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#delay = backoff(deps.retryFirstMs, deps.retryCeilingMs);
  }

  async take(event: WaitingEvent, signal: AbortSignal): Promise<IntakeOutcome> {
    let batch: string | undefined;
    try {
      const manifest = await verifyManifest(event, this.#deps.certificates);
      batch = manifest.batch;
      const settled = await this.#store(event, manifest, signal);
      const held = { archives: manifest.archives.length, items: manifest.items?.count ?? 0 };
      this.#deps.log.info({ deviceId: event.deviceId, batch, ...held }, `batch ${settled}`);
      return 'settled';
    } catch (error) {
      signal.throwIfAborted();
      return this.#settleFailure(event, error, batch ?? batchOf(error));
    }
  }

  async #store(event: WaitingEvent, manifest: Manifest, signal: AbortSignal): Promise<Settled> {
    const { catalogue, clock, log, sign } = this.#deps;
    if (await catalogue.repeatAnswer(event, manifest.batch)) return 'repeated';
    checkManifest(manifest);
    await catalogue.refuseWithdrawn(
      manifest.device,
      manifest.archives.map(({ caseId }) => caseId),
    );
    const chunks = new Map<string, number>();
    for (const archive of manifest.archives) {
      signal.throwIfAborted();
      const base = await this.#baseOf(archive, manifest.device);
      chunks.set(archive.archiveId, await fetchArchive({ archive, base }, this.#deps, signal));
      log.info({ deviceId: event.deviceId, archiveId: archive.archiveId, bytes: archive.bytes }, 'archive stored');
    }
    const items = await takeItems(manifest, this.#deps, signal);
    const settled = await catalogue.storeBatch(event, { manifest, chunks, items }, clock.now(), sign);
    const { batch, device } = manifest;
    const [head] = manifest.audit ? await catalogue.reader.auditHeads(device, batch) : [];
    if (head?.complaint) {
      log.error({ deviceId: device, batch, code: head.complaint, seq: head.seq }, 'audit log contradicts what it said');
    }
    return settled;
  }

  /** What a delta stands on: a whole archive of the same device and tier that has its receipt. Throws BASE_MISSING. */
  async #baseOf({ archiveId, base, tier }: ManifestArchive, device: string): Promise<ArchiveRow | undefined> {
    if (base === undefined) return undefined;
    const found = await this.#deps.catalogue.reader.archive(device, base);
    if (found && found.tier === tier && found.base === undefined && found.withdrawnAt === undefined) return found;
    throw new BatchRefused('BASE_MISSING', `${archiveId} stands on an archive that is not here`);
  }

  async #settleFailure(event: WaitingEvent, error: unknown, batch: string | undefined): Promise<IntakeOutcome> {
    const { catalogue, clock, log, rules } = this.#deps;
    const now = clock.now();
    const verdict = judgeFailure(error, event, now, rules);
    const about = { deviceId: event.deviceId, ...(batch === undefined ? {} : { batch }), error: describe(error) };
    log.warn({ ...about, verdict: verdict.kind, attempt: event.attempts + 1 }, 'event failed');
    if (verdict.kind === 'retry') {
      await catalogue.postpone(event, now, new Date(now.getTime() + this.#delay(event.attempts + 1)));
      return 'postponed';
    }
    const rejection = rejectionOf(event, verdict);
    if (batch !== undefined && (verdict.kind === 'refuse' || error instanceof ManifestUnreadable)) {
      await catalogue.refuseBatch(event, batch, rejection);
      return 'settled';
    }
    await catalogue.rejectEvent(event, rejection);
    return 'rejected';
  }
}

function rejectionOf(event: WaitingEvent, verdict: Exclude<Verdict, { kind: 'retry' }>): Rejection {
  const { code, message } = verdict;
  return { deviceId: event.deviceId, code, message, bytes: event.body.length };
}

/** The batch that a refused manifest names, when its device was believed. */
function batchOf(error: unknown): string | undefined {
  return error instanceof ManifestUnreadable ? error.batch : undefined;
}
