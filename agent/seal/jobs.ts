import type { SealedArchive } from '../../archive/index.ts';
import type { Recipient } from '../../core/envelope.ts';
import type { StudyCounts } from '../../protocol/batch.ts';
import type { Tier } from '../../protocol/ids.ts';

/** What the seal worker is asked to do. Paths are absolute. */
export type SealJob =
  | { readonly kind: 'identify'; readonly source: string }
  | {
      readonly kind: 'seal';
      readonly source: string;
      readonly target: string;
      readonly caseId: string;
      readonly archives: readonly { readonly tier: Tier; readonly archiveId: string }[];
      readonly recipients: readonly Recipient[];
    };

export interface Identified {
  readonly counts: StudyCounts;
  /** Canonical strings of the study's content; the daemon makes a keyed fingerprint of them. */
  readonly content: readonly string[];
}

export interface Sealed {
  readonly counts: StudyCounts;
  readonly archives: readonly SealedArchive[];
  readonly sourceFiles: number;
  readonly sourceBytes: number;
  readonly leftOut: readonly { readonly kind: string; readonly count: number }[];
  readonly warnings: readonly { readonly code: string; readonly kind: string; readonly count: number }[];
}

/** An error that crossed the thread: our codes and hints, never a source's text. */
export interface JobError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export type WorkerMessage =
  /** It waits at the gate, closed by this change of it (`Gate.changes`). */
  | { readonly kind: 'parked'; readonly changes: number }
  | { readonly kind: 'done'; readonly result: Identified | Sealed }
  | { readonly kind: 'failed'; readonly error: JobError };
