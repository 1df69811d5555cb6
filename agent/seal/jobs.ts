import type { SealedArchive } from '../../archive/index.ts';
import type { Linkage, OpenOptions } from '../../carto/index.ts';
import type { Recipient } from '../../core/envelope.ts';
import type { StudyCounts } from '../../protocol/batch.ts';
import type { Tier } from '../../protocol/ids.ts';
import type { Profile, UnsupportedKind } from '../../protocol/profile.ts';
import type { StudyMark } from '../../protocol/study-marks.ts';
import type { FileDigests } from '../../uploader/index.ts';

/** How the source of a job is opened. A password is passed on in memory alone: no store, log or error has it. */
export interface Opening extends OpenOptions {
  readonly source: string;
  /** The site's ceiling on what is read of it. */
  readonly readBytesPerSecond?: number;
}

/** What the seal worker is asked to do. Paths are absolute. */
export type SealJob =
  | ({ readonly kind: 'identify'; readonly siteKey: Uint8Array } & Opening)
  | ({
      readonly kind: 'seal';
      readonly target: string;
      readonly caseId: string;
      readonly archives: readonly { readonly tier: Tier; readonly archiveId: string }[];
      readonly recipients: readonly Recipient[];
      readonly privacy: Privacy;
      /** What an earlier export of the same study left. */
      readonly linkage?: Linkage;
      /** The study archive that a delta may stand on. */
      readonly base?: { readonly archiveId: string; readonly files: readonly FileDigests[] };
      /** For the digests of files that the ledger keeps. */
      readonly siteKey: Uint8Array;
    } & Opening);

/** What a compute thread is given when it begins. */
export interface SealThreadData {
  /** `Gate.flag`. */
  readonly gate: SharedArrayBuffer;
  /** Most that the thread uses of a processor; undefined: all of it. */
  readonly cpuPercent: number | undefined;
  /** Of the seal worker: one number, 1 while it waits for the disk to have taken what was written. */
  readonly syncing: Int32Array<SharedArrayBuffer>;
}

/** How the site has its studies pseudonymised. */
export interface Privacy {
  readonly profile: Profile;
  /** Kinds of undocumented files that may leave as proved tables of numbers; none by default. */
  readonly unsupported?: readonly UnsupportedKind[];
  /** The site's linkage key. */
  readonly siteKey: Uint8Array;
}

export interface Identified {
  readonly counts: StudyCounts;
  /** Keyed digests: of the study's state, and of what it is recognised by in any state. */
  readonly fingerprint: string;
  readonly marks: readonly StudyMark[];
}

export interface Sealed {
  readonly counts: StudyCounts;
  readonly archives: readonly SealedArchive[];
  /** For the next export of this study; kept encrypted, never sent. */
  readonly linkage: Linkage;
  /** The study archive, when it is whole: later exports may stand on it. */
  readonly base?: { readonly archiveId: string; readonly files: readonly FileDigests[] };
  readonly sourceFiles: number;
  readonly sourceBytes: number;
  /** What read it, such as `zip (yauzl) > 7z (7z-wasm 24.09)`. */
  readonly container: string;
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
  /** It waits at the gate, closed by this change of it (`Gate.changes`), since `atMs` (`sharedMs`). */
  | { readonly kind: 'parked'; readonly changes: number; readonly atMs: number }
  | { readonly kind: 'done'; readonly result: Identified | Sealed }
  | { readonly kind: 'failed'; readonly error: JobError };
