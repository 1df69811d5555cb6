import type { Clock } from '../core/clock.ts';
import type { Recipient } from '../core/envelope.ts';
import { codeOf } from '../core/errors.ts';
import type { Gate, Work } from '../core/gate.ts';
import type { Service } from '../core/lifecycle.ts';
import { describe, type Log } from '../core/log.ts';
import { backoff, type Delay } from '../core/retry.ts';
import type { PublicKey } from '../protocol/bundle.ts';
import type { CloudLink, SignAsDevice } from '../protocol/link.ts';
import type { UploadPolicy } from '../protocol/upload-policy.ts';
import { Acknowledgements, type MethodAnswer } from './acknowledgements.ts';
import { ArchiveUploader } from './archive-upload.ts';
import { BatchDesk } from './batch-desk.ts';
import { type BatchPolicy, defaultBatchPolicy } from './batch-plan.ts';
import { ByteBudget } from './budget/byte-budget.ts';
import { OpeningTimes } from './budget/opening.ts';
import { announceKey, dueClasses, forwardKey, type Job, nextJob, type Outlook, urgencyOf } from './courier-plan.ts';
import { aborted, gated, untilAborted } from './gated.ts';
import type { Ledger } from './ledger.ts';
import { isLedgerGone } from './ledger-error.ts';
import type { ArchiveRecord, OpenBatch, TicketRecord } from './ledger-records.ts';
import { ItemDesk } from './outbox/item-desk.ts';
import { defaultItemPolicy, type ItemPolicy, untilGatheredMs } from './outbox/plan-items.ts';
import { Schedule } from './schedule.ts';
import { TicketBook } from './ticket-book.ts';
import { afterTurn, nobodyPassedOver, type PassedOver } from './turns.ts';
import { UploadError } from './upload-error.ts';
import { WayBack } from './way-back.ts';

export interface CourierDeps {
  readonly ledger: Ledger;
  readonly link: CloudLink;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the archives and their keys lie. */
  readonly folder: string;
  /** Where damaged archives are put aside; they stay where they are when absent. */
  readonly quarantine?: string;
  /** The appliance's storage key: encrypts tickets, and its recipient does not travel. */
  readonly storageKey: { readonly kid: string; readonly secret: Uint8Array };
  /** Who can open what is sealed of the outbox. */
  readonly recipients: readonly Recipient[];
  /** Limits of batches; see `docs/outbox.md`. */
  readonly batches?: { readonly archives: BatchPolicy; readonly items: ItemPolicy };
  /** Id of this device, as receipts name it. */
  readonly device: string;
  readonly sign: SignAsDevice;
  /** CA certificates (PEM) of the blob endpoint; Node's own when absent. */
  readonly serverCaPem?: string;
  /** Keys whose signature on a receipt is believed. */
  readonly receiptKeys: readonly PublicKey[];
  /** The receiver certified that a withdrawn case is erased there. */
  readonly onCertified?: (caseId: string) => void;
  /** A receipt was taken. */
  readonly onReceipt?: () => void;
  /** A case was delivered: every archive of it has a verified receipt. */
  readonly onDelivered?: (caseId: string) => void;
  /** When and how fast archives may leave; one block at a time and no limit when absent. */
  readonly policy?: Omit<UploadPolicy, 'alarmHours'>;
  /** IANA name of the zone in which the policy's windows are meant. */
  readonly zone?: string;
  /** How long to wait for a receipt before a batch is announced again. Doubles up to `ceilingMs`. */
  readonly receiptMs?: number;
  /** How long to wait after a failure. Doubles up to `ceilingMs`, at most half a minute: lines come back unannounced. */
  readonly retryMs?: number;
  readonly ceilingMs?: number;
  /** A connection on which nothing moves for so long is given up. */
  readonly stallMs?: number;
}

/** A try costs a packet; a case that waits minutes for a line that works again costs trust. */
const retryCeilingMs = 30_000;

/**
 * Brings sealed cases to the cloud side and their receipts home: batches, uploads, announcements, each behind the
 * gate. All it owes is in the ledger, so it may be stopped or killed at any moment. With nothing to do it waits
 * without a timer until `wake`.
 */
export class Courier implements Service {
  readonly name = 'courier';
  readonly #deps: CourierDeps;
  readonly #log: Log;
  readonly #schedule: Schedule;
  readonly #tickets: TicketBook;
  readonly #way: WayBack;
  readonly #desk: BatchDesk;
  readonly #items: ItemDesk;
  readonly #itemPolicy: ItemPolicy;
  readonly #uploader: ArchiveUploader;
  readonly #opening: OpeningTimes | undefined;
  readonly #acknowledgements: Acknowledgements;
  readonly #untilReceipt: Delay;
  readonly #untilRetry: Delay;
  readonly #stop = new AbortController();
  readonly #early = new Set<string>();
  readonly #failures = new Map<string, string>();
  #woken = new AbortController();
  /** The endpoint asked for so much patience, on behalf of all that goes there. */
  #endpointBusyUntilMs = 0;
  #deafen = () => {};
  #passedOver: PassedOver = nobodyPassedOver;
  #running: Promise<void> | undefined;

  constructor(deps: CourierDeps) {
    const { ledger, link, gate, clock, storageKey, folder, serverCaPem: caPem, device, receiptKeys } = deps;
    const {
      policy = { parallelBlocks: 1 },
      receiptMs = 15_000,
      retryMs = 200,
      ceilingMs = 300_000,
      stallMs = 20_000,
    } = deps;
    const log = deps.log.child({ part: 'courier' });
    this.#deps = deps;
    this.#log = log;
    this.#schedule = new Schedule(clock);
    this.#untilReceipt = backoff(receiptMs, ceilingMs);
    this.#untilRetry = backoff(retryMs, Math.min(ceilingMs, retryCeilingMs));
    const tickets = new TicketBook({ ledger, link, clock, log, storageKey });
    const way = new WayBack({ clock, gate, caPem });
    this.#tickets = tickets;
    this.#way = way;
    this.#desk = new BatchDesk({ ...deps, log, policy: deps.batches?.archives ?? defaultBatchPolicy });
    this.#itemPolicy = deps.batches?.items ?? defaultItemPolicy;
    this.#items = new ItemDesk({ ...deps, log, tickets, caPem, way, stallMs, policy: this.#itemPolicy });
    const { parallelBlocks, maxBytesPerSecond, windows } = policy;
    this.#opening = windows && new OpeningTimes(clock, windows, deps.zone ?? 'UTC');
    this.#uploader = new ArchiveUploader({
      ...{ ledger, gate, clock, log, tickets, folder, caPem, way, stallMs, parallelBlocks },
      budget: maxBytesPerSecond === undefined ? undefined : new ByteBudget(clock, maxBytesPerSecond),
    });
    this.#acknowledgements = new Acknowledgements({
      ...{ ledger, log, device, receiptKeys },
      onAccepted: (batchId, delivered) => this.#accepted(batchId, delivered),
      onEarly: (batchId) => this.#tooEarly(batchId),
      onRefused: () => this.wake(),
      onCertified: deps.onCertified,
    });
  }

  /** Begins to work and returns at once. */
  async start(signal: AbortSignal): Promise<void> {
    this.#deafen = this.#deps.ledger.onQueued(() => this.wake());
    this.#running = this.#run(AbortSignal.any([signal, this.#stop.signal]));
  }

  /** Cuts what is in flight and waits until nothing runs. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    this.#way.stop();
    this.#deafen();
    await this.#running;
  }

  /** Whether archives may leave at this time of the week. */
  get isWindowOpen(): boolean {
    return this.#opening?.isOpen ?? true;
  }

  /** Code of the failure that a batch met last, until it is a step further. */
  failureOf(batchId: string): string | undefined {
    return this.#failures.get(batchId);
  }

  /** There may be something new to do: a case was sealed, or released. */
  wake(): void {
    this.#woken.abort();
  }

  /** The link came back: what waited for its time is due now, so that nobody waits for a receipt that got lost. */
  linkOnline(): void {
    this.#schedule.forgetAll();
    this.wake();
  }

  /**
   * Handler of the direct method `acknowledge`. See `Acknowledgements.accept`. Behind a closed gate 503, for which the
   * receiver tells it again later: to take a receipt is to erase what it stands for, and that may be pages full.
   */
  async acceptAcknowledgement(payload: unknown): Promise<MethodAnswer> {
    const { gate } = this.#deps;
    if (!gate.isOpen) return { status: 503, payload: { code: 'GATE_CLOSED' } };
    using _work = gate.work('receipt');
    return await this.#acknowledgements.accept(payload);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = new AbortController();
      try {
        await this.#step(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#log.error({ error: describe(error) }, 'courier failed');
        if (isLedgerGone(error)) return;
        await this.#deps.clock.sleep(this.#untilRetry(1), signal).catch(() => {});
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { gate } = this.#deps;
    // Behind a closed gate not even the next job is looked for: that reads the ledger.
    await gate.pass(signal);
    const outlook = this.#outlook();
    const job = nextJob(outlook);
    if (job.kind === 'wait') return this.#wait(job.untilMs, signal);
    try {
      await this.#do(job, signal);
      if ('batch' in job) this.#failures.delete(job.batch.batchId);
      if (job.kind !== 'close-ticket') {
        this.#passedOver = afterTurn(this.#passedOver, urgencyOf(job), dueClasses(outlook));
      }
    } catch (error) {
      if (signal.aborted || isLedgerGone(error)) throw error;
      const leastMs = error instanceof UploadError ? error.retryAfterMs : undefined;
      if (leastMs !== undefined) this.#endpointBusyUntilMs = this.#deps.clock.monotonicMs() + leastMs;
      const attempts = this.#schedule.postpone(job.key, this.#untilRetry, leastMs);
      if ('batch' in job) this.#failures.set(job.batch.batchId, codeOf(error) ?? 'UNEXPECTED');
      this.#log.warn({ job: job.kind, attempts, error: describe(error) }, 'courier job failed');
      if (codeOf(error) === 'ENDPOINT_UNREACHABLE') this.#seekWay(job);
    }
  }

  #outlook(): Outlook {
    const { clock, ledger } = this.#deps;
    const { read } = ledger;
    const nowMs = clock.monotonicMs();
    const wallMs = clock.now().getTime();
    const untilOpenMs = this.#opening?.waitMs() ?? 0;
    const queues = read.outbox.queuedClasses(this.#itemPolicy);
    return {
      ticketsToClose: read.ticketsToClose(),
      openBatches: read.openBatches(),
      tiersToBatch: read.tiersToBatch(),
      nowMs,
      dueMs: (key) => this.#schedule.dueMs(key),
      canRun: (job) => this.#canRun(job),
      archivesDueMs: Math.max(this.#endpointBusyUntilMs, untilOpenMs === 0 ? 0 : nowMs + untilOpenMs),
      itemsToBatch: queues.map((queue) => {
        const waitMs = untilGatheredMs(queue, wallMs, this.#itemPolicy);
        return { itemClass: queue.itemClass, dueMs: waitMs === 0 ? 0 : nowMs + waitMs };
      }),
      passedOver: this.#passedOver,
    };
  }

  /**
   * Until something happens; when something is postponed, no longer than until it is due, and, without a link, until
   * there is one: what waited for its time is due then.
   */
  async #wait(untilMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock, link } = this.#deps;
    const done = new AbortController();
    const over = AbortSignal.any([signal, this.#woken.signal, done.signal]);
    const waits = [
      untilMs === undefined ? aborted(over) : clock.sleep(Math.max(0, untilMs - clock.monotonicMs()), over),
    ];
    if (link.state !== 'online') waits.push(link.whenOnline(over).then(() => this.#schedule.forgetAll()));
    try {
      await Promise.race(waits);
    } catch (error) {
      if (!over.aborted) throw error;
    } finally {
      done.abort(new Error('the wait is over'));
    }
  }

  async #do(job: Job, signal: AbortSignal): Promise<void> {
    const { gate } = this.#deps;
    if (job.kind === 'announce') return this.#announce(job.batch, signal);
    if (job.kind === 'gather') await this.#desk.gather(job.tier, signal);
    if (job.kind === 'gather-items') await this.#items.gather(job.itemClass, signal);
    if (job.kind === 'forward' && job.batch.tier === 'items') await this.#items.forward(job.batch, signal);
    else if (job.kind === 'forward') await this.#forward(job.batch, signal);
    if (job.kind === 'close-ticket') {
      const tries = this.#schedule.attempts(job.key) + 1;
      const closing = (work: Work) => this.#tickets.close(job.ticket, tries, (answer) => work.answer(answer, signal));
      await gated({ gate, name: 'upload notification', signal }, (work) => untilAborted(closing(work), signal));
    }
    this.#schedule.forget(job.key);
  }

  /**
   * The next archive of a batch, and its manifest when all are there: at once, since the window may close between the
   * two. A failure that made progress counts as the first.
   */
  async #forward(batch: OpenBatch, signal: AbortSignal): Promise<void> {
    const { read } = this.#deps.ledger;
    const rest = () => read.archivesInBatch(batch.batchId).find(({ blob }) => blob === undefined);
    const archive = rest();
    if (archive) await this.#forwardArchive(archive, batch, signal);
    const isLeft = read.openBatches().some(({ batchId }) => batchId === batch.batchId);
    if (isLeft && !rest()) await this.#desk.complete(batch, signal);
  }

  async #forwardArchive(archive: ArchiveRecord, batch: OpenBatch, signal: AbortSignal): Promise<void> {
    const { read } = this.#deps.ledger;
    // An upload whose turn it is gets at least one block through, and goes on while nothing is more urgent: whatever is
    // small does not wait for the end of what is large, and what is large comes further with each of its turns.
    let lanes = this.#deps.policy?.parallelBlocks ?? 1;
    const mayGoOn = () => {
      if (lanes > 0) return lanes-- > 0;
      const next = nextJob({ ...this.#outlook(), passedOver: nobodyPassedOver });
      return next.kind === 'forward' && next.batch.batchId === batch.batchId;
    };
    const stagedBefore = read.blocksOf(archive.archiveId).length;
    try {
      await this.#desk.orHeld(archive, () => this.#uploader.upload(archive, { signal, mayGoOn }));
    } catch (error) {
      const isFurther = !signal.aborted && read.blocksOf(archive.archiveId).length > stagedBefore;
      if (isFurther) this.#schedule.forget(forwardKey(batch.batchId));
      throw error;
    }
  }

  /** The receipt may have been faster than the hub's word that it has the event. */
  async #announce(batch: OpenBatch, signal: AbortSignal): Promise<void> {
    const { batchId } = batch;
    await this.#desk.announce(batch, signal);
    if (!this.#deps.ledger.read.openBatches().some((open) => open.batchId === batchId)) return;
    const attempts = this.#schedule.postpone(announceKey(batchId), this.#untilReceipt);
    this.#log.info({ batchId, attempts }, 'batch announced');
  }

  /** Without a link only uploads go on whose ticket is at hand: the endpoint is another server than the hub. */
  #canRun(job: Job): boolean {
    if (this.#deps.link.state === 'online') return true;
    const ticket = this.#ticketOf(job);
    return ticket !== undefined && this.#tickets.isUsable(ticket);
  }

  /** The ticket that is kept for an upload, usable or not. */
  #ticketOf(job: Job): TicketRecord | undefined {
    if (job.kind !== 'forward') return undefined;
    const { read } = this.#deps.ledger;
    const { batchId, tier } = job.batch;
    if (tier === 'items') return read.ticketOf(batchId);
    const archive = read.archivesInBatch(batchId).find(({ blob }) => blob === undefined);
    return archive && read.ticketOf(archive.archiveId);
  }

  /** An upload that did not reach its endpoint goes on as soon as the way there is back, whatever its back-off says. */
  #seekWay(job: Job): void {
    const ticket = this.#ticketOf(job);
    const hostName = ticket && this.#tickets.hostOf(ticket);
    if (hostName === undefined) return;
    void this.#way.seek(hostName).then((isBack) => {
      if (!isBack) return;
      this.#schedule.hasten(job.key);
      this.wake();
    });
  }

  #accepted(batchId: string, delivered: readonly string[]): void {
    this.#schedule.forget(announceKey(batchId));
    for (const early of this.#early) this.#schedule.hasten(announceKey(early));
    this.#early.clear();
    for (const caseId of delivered) this.#deps.onDelivered?.(caseId);
    this.#deps.onReceipt?.();
    this.wake();
  }

  /** The receipt before this one got lost: the older batches ask for theirs at once, this one again after them. */
  #tooEarly(batchId: string): void {
    this.#early.add(batchId);
    for (const older of this.#deps.ledger.read.openBatches()) {
      if (older.batchId === batchId) break;
      this.#schedule.hasten(announceKey(older.batchId));
    }
    this.wake();
  }
}
