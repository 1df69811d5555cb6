import { createHash } from 'node:crypto';

/**
 * The audit log's records and their chain (docs/audit.md). Plain types: the command line writes a record with the daemon
 * dead, and must not load zod for it.
 */

/** Everything that is recorded, and when. An action is added here first; docs/audit.md lists them all. */
export const auditActions = {
  'daemon-started': 'the appliance started; evidence: its version and the digest of its site file',
  'daemon-stopped': 'it was stopped in good order',
  'clock-jumped': 'wall and monotonic clock went apart by more than two minutes; evidence: by how much',
  'gate-opened': 'the gate opened; evidence: every statement that counted',
  'gate-closed': 'the gate closed, likewise',
  'procedure-state': 'the procedure state changed and the gate stayed as it was, likewise',
  'gate-stuck': 'the gate has been closed for longer than the site expects',
  'procedure-start': 'somebody took a lease',
  'procedure-stop': 'somebody released leases; evidence: how many',
  'procedure-override': 'somebody set evidence aside; evidence: what, and for how long',
  'procedure-override-end': 'somebody took that back',
  'procedure-override-ended': 'that is over; evidence: how',
  'case-release': 'somebody let a held case go on',
  'case-unlock': 'somebody typed the password of a locked case; the password is kept nowhere',
  'outbox-retry': 'somebody had a parked item of the outbox sent again',
  'outbox-drop': 'somebody gave a parked item of the outbox up',
  'case-hold': 'somebody keeps a case back',
  'case-retry': 'somebody had a case tried again',
  'case-withdraw': 'somebody had a case erased, here and at the receiver',
  'case-export': 'somebody had a case written out; evidence: as files or as sealed archives',
  'case-released': 'the bytes of an archive left the disk; evidence: why, and how many',
  'case-certified': 'the receiver certified that a withdrawn case is erased there',
  'storage-full': 'the case store became full: intake holds; evidence: how full',
  'storage-room': 'it has room again',
  'delivery-stalled': 'what is owed made no step towards its receipt for longer than the site expects; evidence: why',
  'delivery-resumed': 'it goes on',
  'import-start': 'somebody had a path imported',
  refused: 'somebody was refused; evidence: the verb, the code, and how many refusals before were only counted',
  'record-unreadable': 'a record that a command had left cannot be read; its file was put aside',
  'ledger-repaired': 'the ledger was rebuilt; evidence: what was wrong with it, and what came back',
  relink: 'somebody asked what stands behind a generated code; evidence: the result',
  setup: 'the appliance was set up from a bundle; evidence: its fingerprint',
} as const;
export type AuditAction = keyof typeof auditActions;

/** Who did it: somebody at this machine, the appliance by itself, or an order from the cloud. */
export type AuditActor = 'person' | 'appliance' | 'cloud';

/**
 * How the user id is known. `process`: the process that did it recorded itself, and owns the file it left. `owner`: the
 * kernel says so, by the owner of a folder made to prove it. `claimed`: nothing but the word of who asked.
 */
export type UidFrom = 'process' | 'owner' | 'claimed';

/** Who did something, as far as it is known. */
export interface AuditBy {
  readonly actor: AuditActor;
  readonly uid?: number;
  readonly uidFrom?: UidFrom;
  /** The person behind `sudo`, by sudo's word. */
  readonly behalfOf?: number;
}

/** One record as it is chained. Nothing in it is typed by people, and nothing is a patient's. */
export interface AuditRecord extends AuditBy {
  readonly v: 1;
  /** Place in the chain: 1, 2, 3, … without a gap. */
  readonly seq: number;
  /** Random; a record that is handed over twice is stored once. */
  readonly id: string;
  /** Wall clock, ISO 8601, UTC: for people. Order is `seq`, time within one boot is `monotonicMs`. */
  readonly at: string;
  readonly bootId: string;
  readonly monotonicMs: number;
  readonly action: AuditAction;
  /** What it was about: an id of ours or a generated code. */
  readonly subject?: string;
  readonly evidence?: unknown;
  /** SHA-256 of the sealed words that somebody typed as the reason; those words stay on the appliance. */
  readonly whySha256?: string;
}

/** A record on its way to the writer, which gives it its place and its hash. */
export interface AuditEntry {
  readonly record: Omit<AuditRecord, 'seq'>;
  /** The reason that somebody typed, sealed. */
  readonly why?: Uint8Array;
}

/** How far a chain goes. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** What the first record follows. */
export const firstHead: AuditHead = { seq: 0, hash: '0'.repeat(64) };

/** The hash of a record, given the one before it: SHA-256 over `previous`, a line feed, and the record's JSON text. */
export function chainHash(previous: string, text: string): string {
  return createHash('sha256').update(`${previous}\n${text}`).digest('hex');
}
