import type { Sha256 } from '../../core/digest.ts';
import type { Manifest, ManifestArchive } from '../../protocol/batch.ts';
import type { CloudCase } from '../../protocol/documents.ts';
import type { ItemKind } from '../../protocol/outbox.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AuditHeadRow } from './audit-heads.ts';
import type { Erasure } from './withdrawals.ts';

/** An event that waits in the receiver's own inbox, durable there. */
export interface WaitingEvent {
  readonly id: number;
  readonly deviceId: string;
  /** Compact JWS, not yet verified. */
  readonly body: string;
  readonly enqueuedAt: string;
  readonly attempts: number;
  /** When its first try failed; undefined before. */
  readonly firstFailedAt: string | undefined;
}

/** An event as it is taken over from the hub. */
export interface AcceptedEvent {
  readonly deviceId: string;
  readonly body: string;
  readonly enqueuedAt: string;
}

/** An event that is passed over, and why. */
export interface Rejection {
  readonly sequence?: number;
  readonly deviceId?: string;
  readonly messageId?: string;
  readonly code: string;
  readonly message: string;
  readonly bytes: number;
}

export interface Acceptance {
  /** Checkpoint: events up to here are safe once this is stored. */
  readonly through: number;
  readonly events: readonly AcceptedEvent[];
  readonly rejections: readonly Rejection[];
}

/** An item that may be stored. */
export interface CheckedItem {
  readonly id: string;
  readonly kind: ItemKind;
  readonly at: string;
  readonly body: Uint8Array;
  /** Of findings: their case, with which they are erased. */
  readonly caseId?: string;
}

/** The items of a batch: what may be stored, and what is refused one by one. */
export interface CheckedItems {
  readonly count: number;
  /** Digest of their list, as the manifest says it. */
  readonly sha256: string;
  readonly accepted: readonly CheckedItem[];
  readonly refused: readonly { readonly id: string; readonly code: string }[];
}

/** A batch whose archives are durable objects. */
export interface StoredBatch {
  readonly manifest: Manifest;
  /** Number of chunks of each archive, by archive id, as proved. */
  readonly chunks: ReadonlyMap<string, number>;
  readonly items?: CheckedItems | undefined;
}

/** Signs the receipt; `previous` is the digest of the device's last one. Called inside the transaction. */
export type SignReceipt = (draft: Omit<Receipt, 'v' | 'durability'>) => Promise<string>;

/** What a device has to be told about one batch. */
export interface Answer {
  readonly id: number;
  readonly deviceId: string;
  readonly batch: string;
  readonly content:
    | { readonly kind: 'receipt'; readonly jws: string }
    /** A certificate of deletion; `batch` is the case. */
    | { readonly kind: 'certificate'; readonly jws: string }
    | { readonly kind: 'refusal'; readonly code: string; readonly message: string };
}

/** `repeated`: the batch had its answer already, and the same one is told again. */
export type Settled = 'stored' | 'repeated';

/** What the catalogue knows, for whoever only looks. */
export interface CatalogueReader {
  cases(): Promise<readonly CloudCase[]>;
  /** Undefined when there is none. Rejects with CASE_AMBIGUOUS when several devices chose the same id. */
  caseById(caseId: string, deviceId?: string): Promise<CloudCase | undefined>;
  devices(): Promise<readonly DeviceRow[]>;
  archives(): Promise<readonly ArchiveRow[]>;
  archivesOf(deviceId: string, caseId: string): Promise<readonly ArchiveRow[]>;
  archive(deviceId: string, archiveId: string): Promise<ArchiveRow | undefined>;
  /** False while another archive stands on it: a base goes after its deltas. The catalogue itself insists on it. */
  mayErase(deviceId: string, archiveId: string): Promise<boolean>;
  /** Receipts of one device in the order of its chain. */
  receipts(deviceId: string): Promise<readonly ReceiptRow[]>;
  rejections(): Promise<readonly RejectionRow[]>;
  /** What devices sent beside archives, in the order in which it came, without the bodies. */
  items(query?: ItemQuery): Promise<readonly ItemRow[]>;
  /** The body of one item. */
  itemBody(deviceId: string, itemId: string): Promise<Uint8Array | undefined>;
  /** Heads of a device's audit log, in the order in which they came; or the one of a batch. */
  auditHeads(deviceId: string, batch?: string): Promise<readonly AuditHeadRow[]>;
  /** How many answers devices have not taken yet. */
  undelivered(): Promise<number>;
  close(): void;
}

/**
 * The receiver's memory: what came, what was stored, what each device still has to hear. Each method is one
 * transaction, durable when it resolves.
 */
export interface Catalogue {
  readonly reader: CatalogueReader;
  checkpoint(): Promise<number>;
  /** The hub's log is another one than before: begin at its beginning. */
  resetCheckpoint(): Promise<void>;
  accept(acceptance: Acceptance): Promise<void>;
  /** The next event to work on that is due and whose device is not among `busy`. */
  nextDue(now: Date, busy: readonly string[]): Promise<WaitingEvent | undefined>;
  /** When the next event becomes due, of devices that are not among `busy`. */
  nextDueAt(busy: readonly string[]): Promise<Date | undefined>;
  isInboxEmpty(): Promise<boolean>;
  /** True when the batch has an answer already; then the event is done and the answer is told again. */
  repeatAnswer(event: WaitingEvent, batch: string): Promise<boolean>;
  storeBatch(event: WaitingEvent, batch: StoredBatch, now: Date, sign: SignReceipt): Promise<Settled>;
  refuseBatch(event: WaitingEvent, batch: string, rejection: Rejection): Promise<Settled>;
  rejectEvent(event: WaitingEvent, rejection: Rejection): Promise<void>;
  postpone(event: WaitingEvent, failedAt: Date, dueAt: Date): Promise<void>;
  devicesToTell(): Promise<readonly string[]>;
  /** The first undelivered answers of a device, oldest first: receipts in the order of their chain. */
  answersFor(deviceId: string): Promise<readonly Answer[]>;
  markDelivered(answer: Answer, now: Date): Promise<void>;
  markDeclined(answer: Answer, status: number): Promise<void>;
  /** Rejects with CASE_WITHDRAWN when one of these cases of a device was withdrawn. */
  refuseWithdrawn(deviceId: string, caseIds: readonly string[]): Promise<void>;
  /** Orders of deletion whose objects may still be there. */
  openErasures(): Promise<readonly Erasure[]>;
  /**
   * What was erased is in none of the catalogue's files any more. Costs nothing when nothing was. Rejects with IN_USE
   * while somebody reads what was there before.
   */
  forgetErased(): Promise<void>;
  /** True while an archive that is kept has these bytes. */
  isObjectNeeded(sha256: Sha256): Promise<boolean>;
  /** Keeps the certificate of an erasure, which the device is then told. */
  certifyErasure(erasure: Erasure, certificate: string): Promise<void>;
  close(): void;
}

export interface ItemQuery {
  readonly deviceId?: string | undefined;
  readonly kind?: string | undefined;
}

export interface ItemRow extends Omit<CheckedItem, 'body' | 'kind' | 'caseId'> {
  readonly deviceId: string;
  readonly kind: string;
  readonly sha256: Sha256;
  readonly bytes: number;
  readonly batch: string;
  readonly receivedAt: string;
}

export interface RejectionRow extends Rejection {
  readonly rejectedAt: string;
}

export interface DeviceRow {
  readonly deviceId: string;
  readonly receipts: number;
  /** Digest of the last receipt of the chain; null before the first. */
  readonly headSha256: string | null;
  readonly lastEventAt: string;
}

export interface ArchiveRow
  extends Pick<ManifestArchive, 'archiveId' | 'caseId' | 'tier' | 'bytes' | 'files' | 'keys'> {
  /** Of a delta: the archive that it stands on. */
  readonly base?: string;
  readonly sha256: Sha256;
  readonly deviceId: string;
  readonly batch: string;
  readonly chunks: number;
  readonly receivedAt: string;
  /** Its bytes are erased by order, or about to be; it has no keys any more. */
  readonly withdrawnAt?: string;
}

export interface ReceiptRow {
  readonly deviceId: string;
  readonly place: number;
  readonly batch: string;
  readonly jws: string;
  readonly storedAt: string;
}
