import { type Clock, systemClock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { AuditEntry } from '../protocol/audit.ts';
import type { StudyCounts } from '../protocol/batch.ts';
import type { HeldReason } from '../protocol/documents.ts';
import { newId, randomDigits, type Tier } from '../protocol/ids.ts';
import type { Urgency } from '../protocol/outbox.ts';
import { AuditedWriter } from './audited-writer.ts';
import type { DetectedEntry, EntrySize, SealedArchiveRow } from './case-commands.ts';
import { InlineWriter } from './inline-writer.ts';
import { LedgerError } from './ledger-error.ts';
import type { ArgsOf, CommandName, ResultOf } from './ledger-group.ts';
import { type LedgerReader, openLedgerReader } from './ledger-reader.ts';
import { LedgerWriter, type WritesLedger } from './ledger-writer.ts';
import { EnqueueDoor, flawOf, type NewItem } from './outbox/enqueue.ts';
import type { ItemPlace } from './outbox/plan-items.ts';
import type { RefusalCode } from './receipt-check.ts';
import type { VerifiedReceipt } from './receipt-commands.ts';
import type { StudyClaim, StudyOutcome } from './study-commands.ts';

export interface LedgerDeps {
  /** Of the database file; its folder must exist. */
  readonly path: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** The writer is no thread of its own: see `InlineWriter`. */
  readonly isInline?: boolean;
}

type Done<Name extends CommandName> = Promise<ResultOf<Name>>;

/**
 * The case store. Every change goes to one writer thread and is on disk, fsynced, when its promise resolves; whatever
 * waits meanwhile shares the next transaction. Each command is described where it is written: `case-commands.ts`,
 * `delivery-commands.ts`, `receipt-commands.ts`, `outbox/outbox-commands.ts`. Reads go through a second connection of this thread.
 */
export class Ledger {
  /** What the ledger says now; includes everything that was acknowledged before. */
  readonly read: LedgerReader;
  readonly #writer: WritesLedger;
  readonly #clock: Clock;
  readonly #door: EnqueueDoor;

  readonly #queued: Set<() => void>;

  private constructor(writer: WritesLedger, reader: LedgerReader, clock: Clock, queued = new Set<() => void>()) {
    this.#writer = writer;
    this.read = reader;
    this.#clock = clock;
    this.#queued = queued;
    this.#door = new EnqueueDoor((segment) =>
      this.#tellQueued(this.#writer.run('enqueue', { ...segment, at: this.#now() })),
    );
  }

  /** Opens or creates the ledger. Rejects with what kept it from opening (a newer schema, a refused pragma). */
  static async open({ path, log, clock = systemClock, isInline = false }: LedgerDeps): Promise<Ledger> {
    const writer = isInline ? new InlineWriter(path) : await LedgerWriter.open(path, log.child({ part: 'ledger' }));
    return new Ledger(writer, openLedgerReader(path), clock);
  }

  /** Closes both connections. The writer comes last, so that it folds the write-ahead log into the database. */
  async close(): Promise<void> {
    this.read.close();
    await this.#writer.close();
  }

  /** Resolves, with the reason, when the writer died. The daemon should then end: its next start resumes. */
  get failed(): Promise<LedgerError> {
    return this.#writer.failed;
  }

  /** Calls `listener` whenever something could not be stored because the disk has no room. */
  onDiskFull(listener: () => void): void {
    this.#writer.onDiskFull(listener);
  }

  /** Something that was read or changed lies on a damaged page: `vestibule repair` helps. */
  get isWriting(): boolean {
    return this.#writer.isWriting;
  }

  get isDamaged(): boolean {
    return this.read.isDamaged || this.#writer.isDamaged;
  }

  /** Number of transactions since it was opened. */
  get commits(): number {
    return this.#writer.commits;
  }

  /** The same ledger: a change that is made through it and this audit record are stored together, or neither is. */
  audited(entry: AuditEntry): Ledger {
    return new Ledger(new AuditedWriter(this.#writer, entry), this.read, this.#clock, this.#queued);
  }

  /** Appends to the audit log what no other change stands for. */
  audit(entry: AuditEntry): Done<'audit'> {
    return this.#writer.run('audit', entry);
  }

  /** Puts what the audit log has new into the outbox, as far as it fits into one item. Undefined: nothing is new. */
  cutAuditSegment(): Done<'cutAuditSegment'> {
    return this.#tellQueued(this.#writer.run('cutAuditSegment', { mark: randomDigits(10), at: this.#now() }));
  }

  /** Lets the oldest delivered segments of the audit log go while it is larger than this; resolves with its bytes. */
  archiveAudit(limit: ArgsOf<'archiveAudit'>): Done<'archiveAudit'> {
    return this.#writer.run('archiveAudit', limit);
  }

  // Changes: a case before it travels.

  detect(entry: DetectedEntry): Done<'detect'> {
    return this.#writer.run('detect', { ...entry, caseId: newId('case'), at: this.#now() });
  }

  observe(caseId: string, look: EntrySize): Done<'observe'> {
    return this.#writer.run('observe', { ...look, caseId });
  }

  settle(caseId: string, fingerprint: string, counts: StudyCounts, claim?: StudyClaim): Done<'settle'> {
    const study = claim && { ...claim, newStudyId: newId('stu'), at: this.#now() };
    return this.#writer.run('settle', { caseId, fingerprint, counts, study });
  }

  hold(caseId: string, reason: HeldReason, hint: string): Done<'hold'> {
    return this.#writer.run('hold', { caseId, reason, hint });
  }

  rearm(caseId: string, look: EntrySize): Done<'rearm'> {
    return this.#writer.run('rearm', { ...look, caseId });
  }

  release(caseId: string): Done<'release'> {
    return this.#writer.run('release', { caseId });
  }

  seal(caseId: string, counts: StudyCounts, archives: readonly SealedArchiveRow[], study?: StudyOutcome): Done<'seal'> {
    return this.#writer.run('seal', { caseId, counts, archives, study, at: this.#now() });
  }

  // Changes: items of the outbox.

  /** Puts an item into the outbox. Resolves with its id when it is on disk, fsynced. */
  enqueue(item: NewItem): Promise<string> {
    return this.#door.enqueue(item);
  }

  /**
   * Puts findings of a case into the outbox. True when they are on disk, fsynced; false: the case was withdrawn, nothing
   * is stored. Rejects with ITEM_REFUSED where they are too large.
   */
  async enqueueFindings(caseId: string, body: string): Promise<boolean> {
    const bodies = Buffer.from(body, 'utf8');
    const flaw = flawOf('findings', bodies);
    if (flaw !== undefined) throw new LedgerError('ITEM_REFUSED', flaw);
    const items = [{ kind: 'findings', bytes: bodies.length }] as const;
    const segment = { caseId, mark: randomDigits(10), at: this.#now(), items, bodies };
    return (await this.#tellQueued(this.#writer.run('enqueueFindings', segment))) !== undefined;
  }

  /** Calls `listener` whenever something was put into the outbox, or back into it. Returns what ends that. */
  onQueued(listener: () => void): () => void {
    this.#queued.add(listener);
    return () => this.#queued.delete(listener);
  }

  /** Puts queued items into a new batch and returns its id; undefined when none of them is queued any more. */
  async batchItems(urgency: Urgency, items: readonly ItemPlace[]): Promise<string | undefined> {
    const batchId = newId('bat');
    const isMade = await this.#writer.run('batchItems', { batchId, urgency, items, at: this.#now() });
    return isMade ? batchId : undefined;
  }

  sealItems(sealed: ArgsOf<'sealItems'>): Done<'sealItems'> {
    return this.#writer.run('sealItems', sealed);
  }

  unsealItems(batch: ArgsOf<'unsealItems'>): Done<'unsealItems'> {
    return this.#writer.run('unsealItems', batch);
  }

  markItemsUploaded(uploaded: ArgsOf<'markItemsUploaded'>): Done<'markItemsUploaded'> {
    return this.#writer.run('markItemsUploaded', uploaded);
  }

  completeItems(complete: ArgsOf<'completeItems'>): Done<'completeItems'> {
    return this.#writer.run('completeItems', complete);
  }

  parkItems(parked: ArgsOf<'parkItems'>): Done<'parkItems'> {
    return this.#writer.run('parkItems', parked);
  }

  retryItem(item: ItemPlace): Done<'retryItem'> {
    return this.#tellQueued(this.#writer.run('retryItem', item));
  }

  dropItem(item: ItemPlace): Done<'dropItem'> {
    return this.#writer.run('dropItem', item);
  }

  // Changes: archives and batches on their way.

  /** Puts archives of one tier into a new batch and returns its id. */
  async batch(tier: Tier, archiveIds: readonly string[]): Promise<string> {
    const batchId = newId('bat');
    await this.#writer.run('batch', { batchId, tier, archiveIds, at: this.#now() });
    return batchId;
  }

  startUpload(ticket: ArgsOf<'startUpload'>): Done<'startUpload'> {
    return this.#writer.run('startUpload', ticket);
  }

  abandonTicket(ticket: ArgsOf<'abandonTicket'>): Done<'abandonTicket'> {
    return this.#writer.run('abandonTicket', ticket);
  }

  closeTicket(ticket: ArgsOf<'closeTicket'>): Done<'closeTicket'> {
    return this.#writer.run('closeTicket', ticket);
  }

  addBlock(block: ArgsOf<'addBlock'>): Done<'addBlock'> {
    return this.#writer.run('addBlock', block);
  }

  keepBlocks(blocks: ArgsOf<'keepBlocks'>): Done<'keepBlocks'> {
    return this.#writer.run('keepBlocks', blocks);
  }

  markUploaded(uploaded: ArgsOf<'markUploaded'>): Done<'markUploaded'> {
    return this.#writer.run('markUploaded', uploaded);
  }

  completeBatch(complete: ArgsOf<'completeBatch'>): Done<'completeBatch'> {
    return this.#writer.run('completeBatch', complete);
  }

  refuseBatch(refused: Omit<ArgsOf<'refuseBatch'>, 'at' | 'parts'>): Done<'refuseBatch'> {
    return this.#writer.run('refuseBatch', { ...refused, at: this.#now(), parts: [newId('bat'), newId('bat')] });
  }

  acceptReceipt(device: string, receipt: VerifiedReceipt): Done<'acceptReceipt'> {
    return this.#writer.run('acceptReceipt', { ...receipt, device, at: this.#now() });
  }

  recordRefusal(code: RefusalCode, batchId: string | undefined, payloadSha256: string): Done<'recordRefusal'> {
    return this.#writer.run('recordRefusal', { at: this.#now(), code, batchId, payloadSha256 });
  }

  // Changes: what leaves this appliance's disk, and what people order.

  beginRelease(archiveIds: readonly string[]): Done<'beginRelease'> {
    return this.#writer.run('beginRelease', { archiveIds });
  }

  finishRelease(archiveId: string): Done<'finishRelease'> {
    return this.#writer.run('finishRelease', { archiveId, at: this.#now() });
  }

  /** Nothing that was deleted is left in the write-ahead log, which is empty then. Not durable work: may fail harmlessly. */
  compact(): Promise<void> {
    return this.#writer.compact();
  }

  holdByPerson(caseId: string, hint: string): Done<'holdByPerson'> {
    return this.#writer.run('holdByPerson', { caseId, hint });
  }

  resume(caseId: string, sendAgain: boolean): Done<'resume'> {
    return this.#writer.run('resume', { caseId, sendAgain });
  }

  withdraw(caseId: string): Done<'withdraw'> {
    return this.#tellQueued(this.#writer.run('withdraw', { caseId, at: this.#now(), mark: randomDigits(10) }));
  }

  certify(certificate: Omit<ArgsOf<'certify'>, 'at'>): Done<'certify'> {
    return this.#writer.run('certify', { ...certificate, at: this.#now() });
  }

  async #tellQueued<T>(stored: Promise<T>): Promise<T> {
    const result = await stored;
    for (const listener of this.#queued) listener();
    return result;
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }
}
