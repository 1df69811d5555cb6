/**
 * What crosses the control socket between the command line and the daemon: one JSON line in, one JSON line out.
 * Plain types only: `status`, `procedure` and `--help` must not load zod.
 */

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

export interface ProcedureStatus {
  readonly state: ProcedureState;
  readonly gate: 'open' | 'closed';
  readonly since: string;
  readonly leases: readonly Lease[];
  /** Why the gate is as it is, one line for people. */
  readonly why: string;
}

/** Answer to `procedure start`: quiet, or the names of what still runs. */
export interface ProcedureStarted {
  readonly lease: Lease;
  readonly quiet: boolean;
  readonly waiting: readonly string[];
  /** False when no daemon answered and the command wrote the lease itself. */
  readonly daemon: boolean;
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
  readonly certificate?: { readonly notAfter: string; readonly daysLeft: number };
  readonly cases: Readonly<Record<string, number>>;
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number };
  readonly inboxes: number;
}

export type ControlRequest =
  | { readonly verb: 'status' }
  | { readonly verb: 'procedure-status' }
  | { readonly verb: 'procedure-start'; readonly reason: string; readonly holder: string; readonly forMs?: number }
  | { readonly verb: 'procedure-stop'; readonly holder: string };

export type ControlResponse =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string; readonly hint?: string } };
