/**
 * What crosses the control socket between the command line and the daemon: one JSON line in, one JSON line out.
 * Plain types only: `status`, `procedure` and `--help` must not load zod.
 */

import type { ApplianceCase } from './documents.ts';
import type { Drift } from './drift.ts';

export type ProcedureState = 'unknown' | 'idle' | 'suspected' | 'active' | 'settling';

/** A person or system says that the room is busy. Lives as a file, so that it survives kill -9 and needs no daemon. */
export interface Lease {
  readonly id: string;
  readonly holder: string;
  readonly reason: string;
  /** Wall-clock time for people; expiry never uses it. */
  readonly startedAt: string;
  /** Anchor of the expiry: boot id and monotonic milliseconds of that boot. */
  readonly bootId: string;
  readonly startedMonotonicMs: number;
  /** Absent: held until it is stopped. */
  readonly forMs?: number;
}

/** Who may say that the room is free. The site's file names at least one. */
export const authorities = ['leases', 'timetable', 'hl7', 'mpps'] as const;
export type Authority = (typeof authorities)[number];

/** Where evidence comes from. Those that are no authority can only close the gate. */
export type SourceName = Authority | 'neighbours' | 'activity' | 'load' | 'button' | 'override';

/** `busy` and `maybe` (weak evidence) close the gate, `free` lets it open if an authority says it, `nothing` is no say. */
export type Says = 'busy' | 'maybe' | 'free' | 'nothing';

/** One statement of one source, as people see it. */
export interface EvidenceLine {
  readonly source: SourceName;
  readonly says: Says;
  /** Fixed words and counts; no patient data. */
  readonly what: string;
  readonly ageMs: number;
  /** How long it still counts; absent: until its source takes it back. */
  readonly remainingMs?: number;
  /** What it does to the gate now; `none` for what is no authority, ran out, or says nothing. */
  readonly effect: 'closes' | 'allows' | 'none';
}

export interface ProcedureStatus {
  readonly state: ProcedureState;
  readonly gate: 'open' | 'closed';
  readonly since: string;
  readonly leases: readonly Lease[];
  /** Why the gate is as it is, one line for people. */
  readonly why: string;
  readonly authorities: readonly Authority[];
  readonly evidence: readonly EvidenceLine[];
  /** The gate opens in so many milliseconds at the earliest, if nobody says anything new; absent when that is not known. */
  readonly opensInMs?: number;
  /** Present while the gate has been closed for longer than the site expects. Nothing opens it by itself. */
  readonly stuck?: { readonly since: string; readonly text: string };
  /** Present while a person's word outweighs evidence. */
  readonly override?: {
    readonly since: string;
    readonly remainingMs: number;
    readonly reason: string;
    /** What it was given against. */
    readonly setsAside: readonly SourceName[];
  };
  /** Sources that do not work, if any: what they would say is not known. */
  readonly faults?: readonly { readonly source: SourceName; readonly what: string }[];
}

/** A line of the procedure's history: what was known when the evidence or the state changed, and what came of it. */
export interface Decision {
  /** Wall-clock time, for people. */
  readonly at: string;
  readonly bootId: string;
  readonly monotonicMs: number;
  readonly from: ProcedureState;
  readonly state: ProcedureState;
  readonly gate: 'open' | 'closed';
  /** The first of a starting daemon: nothing is remembered from before. */
  readonly started?: true;
  readonly evidence: readonly {
    readonly source: SourceName;
    readonly key: string;
    readonly says: Says;
    readonly what: string;
    readonly ageMs: number;
    readonly lifetimeMs?: number;
  }[];
}

/** Answer to `procedure start`: quiet, or the names of what still runs. */
export interface ProcedureStarted {
  readonly lease: Lease;
  readonly quiet: boolean;
  readonly waiting: readonly string[];
  /** What ran when it was asked; how long after that nothing did any more, and what stood still last. By a daemon alone. */
  readonly stopped?: readonly string[];
  readonly quietMs?: number;
  readonly last?: string;
  /** False when no daemon answered and the command wrote the lease itself. */
  readonly daemon: boolean;
}

/** Something that is owed to the cloud side has made no step towards its receipt for longer than the site expects. */
export interface DeliveryAlarm {
  readonly code: 'no-delivery-progress';
  readonly since: string;
  /** What stood in the way for the longest part of that. `unknown`: nothing that the appliance knows of. */
  readonly cause: 'gate-closed' | 'no-link' | 'outside-windows' | 'refused' | 'unknown';
  readonly text: string;
}

/** How deliveries stand. Absent fields: nothing was ever delivered; nothing is owed; all is well. */
export interface DeliveryStatus {
  readonly lastReceiptAt?: string;
  readonly owedSince?: string;
  readonly alarm?: DeliveryAlarm;
}

export interface ApplianceStatus {
  readonly version: string;
  readonly device: string;
  readonly startedAt: string;
  readonly procedure: ProcedureStatus;
  readonly link: {
    readonly state: 'offline' | 'connecting' | 'online';
    readonly since: string;
    readonly error?: string;
  };
  /** Under `site-only` nothing is sent, and sealed cases stay sealed. */
  readonly privacy: { readonly profile: string };
  readonly certificate?: { readonly notAfter: string; readonly daysLeft: number };
  /** Absent under `site-only`: nothing leaves. */
  readonly delivery?: DeliveryStatus;
  readonly cases: Readonly<Record<string, number>>;
  /** Only when the ledger on disk was found to be damaged; `cases` may be empty then. */
  readonly ledger?: 'damaged';
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number };
  /** The case store. `full`: intake holds until it has come down to the lower mark. `budgetBytes`: all it may take now. */
  readonly storage: {
    readonly state: 'room' | 'full';
    readonly usedBytes: number;
    readonly budgetBytes: number;
    readonly reserveBytes: number;
    readonly quotaBytes?: number;
  };
  readonly inboxes: number;
  /** What it may take while the gate is open. `not available`: the class for the disk could not be set on this machine. */
  readonly budgets: {
    readonly readBytesPerSecond?: number;
    readonly cpuPercent?: number;
    readonly diskClass: 'idle' | 'lowest' | 'normal' | 'not available';
  };
  /** What the models made of the cases that were analysed; absent before the first. */
  readonly analysis?: Drift;
}

/** How an import stands. `cases`: those that are known so far, in the order in which they are taken. */
export interface ImportStatus {
  readonly importId: string;
  readonly state: 'looking' | 'working' | 'done' | 'failed';
  readonly gate: 'open' | 'closed';
  /** How many exports and containers were found. */
  readonly found: number;
  readonly cases: readonly ApplianceCase[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** What became of a password that was typed. `none`: the daemon knows of none (it was started again). */
export interface UnlockStatus {
  readonly attempt: 'waiting' | 'opened' | 'wrong' | 'none';
  readonly gate: 'open' | 'closed';
  readonly case: ApplianceCase;
}

/** `files`: the pseudonymised files; `archives`: as they are sealed, with keys for everybody but the appliance. */
export type ExportForm = 'files' | 'archives';

/** What was written out of a case. */
export interface LocalExport {
  readonly form: ExportForm;
  readonly to: string;
  readonly tiers: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

/** How the newest export of a case stands. `none`: the daemon knows of none (it was started again). */
export interface ExportStatus {
  readonly state: 'none' | 'working' | 'done' | 'failed';
  readonly gate: 'open' | 'closed';
  readonly exported?: LocalExport;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** Characters of a typed password. */
export const maxPasswordLength = 1024;

export type ControlRequest =
  | { readonly verb: 'status' }
  | { readonly verb: 'procedure-status' }
  | { readonly verb: 'procedure-start'; readonly reason: string; readonly holder: string; readonly forMs?: number }
  | { readonly verb: 'procedure-stop'; readonly holder: string }
  | { readonly verb: 'procedure-override'; readonly reason: string; readonly forMs: number }
  | { readonly verb: 'procedure-override-end' }
  | { readonly verb: 'case-release'; readonly caseId: string }
  | { readonly verb: 'case-unlock'; readonly caseId: string; readonly password: string }
  | { readonly verb: 'case-unlock-status'; readonly caseId: string }
  | { readonly verb: 'outbox-retry'; readonly itemId: string }
  | { readonly verb: 'outbox-drop'; readonly itemId: string; readonly reason: string }
  | { readonly verb: 'case-hold'; readonly caseId: string; readonly reason: string }
  | { readonly verb: 'case-retry'; readonly caseId: string }
  | { readonly verb: 'case-withdraw'; readonly caseId: string; readonly reason: string }
  | { readonly verb: 'case-export'; readonly caseId: string; readonly to: string; readonly form: ExportForm }
  | { readonly verb: 'case-export-status'; readonly caseId: string }
  | { readonly verb: 'import-start'; readonly path: string }
  | { readonly verb: 'import-status'; readonly importId: string }
  /** Takes in the audit records that commands have left. */
  | { readonly verb: 'audit-take' };

/** Who asks, as far as the command itself can say; `claim` names the folder that proves it. */
export interface ControlFrom {
  readonly uid?: number;
  readonly behalfOf?: number;
  readonly claim?: string;
}

export type ControlResponse =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string; readonly hint?: string } };
