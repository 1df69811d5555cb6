import type { Tier } from '../protocol/ids.ts';
import type { ItemClass, Urgency } from '../protocol/outbox.ts';
import type { OpenBatch, TicketRecord } from './ledger-records.ts';
import { byUrgency, type PassedOver } from './turns.ts';

/** The courier's next piece of work. `key`: under which it is postponed when it fails. */
export type Job =
  /** Tell the hub how an upload ended. */
  | { readonly kind: 'close-ticket'; readonly key: string; readonly ticket: TicketRecord }
  /** Send a batch's manifest, for the first time or again. */
  | { readonly kind: 'announce'; readonly key: string; readonly batch: OpenBatch }
  /** Upload the next archive of a batch, or its items, or fix its manifest when there is nothing left to upload. */
  | { readonly kind: 'forward'; readonly key: string; readonly batch: OpenBatch }
  /** Put sealed archives of a tier into a batch. */
  | { readonly kind: 'gather'; readonly key: string; readonly tier: Tier }
  /** Put items of a class, and whatever goes along with them, into a batch. Not before `gatheredMs`. */
  | {
      readonly kind: 'gather-items';
      readonly key: string;
      readonly itemClass: ItemClass;
      readonly gatheredMs: number;
    };

/** Nothing now: until then, or, undefined, until something happens. */
export interface Wait {
  readonly kind: 'wait';
  readonly untilMs: number | undefined;
}

/** A class of which items are queued, and when the next batch of them may be made: some wait for others to come. */
export interface QueuedClass {
  readonly itemClass: ItemClass;
  readonly dueMs: number;
}

/** What the ledger says, and when things may be tried again. */
export interface Outlook {
  readonly ticketsToClose: readonly TicketRecord[];
  readonly openBatches: readonly OpenBatch[];
  readonly tiersToBatch: readonly Tier[];
  readonly itemsToBatch: readonly QueuedClass[];
  readonly nowMs: number;
  readonly dueMs: (key: string) => number;
  /** Whether what a job needs is there. What cannot run stands in nobody's way, and is waited for elsewhere. */
  readonly canRun: (job: Job) => boolean;
  /** Archives do not leave before: no window is open, or the endpoint asked for patience. What is small goes at any time. */
  readonly archivesDueMs: number;
  /** How often each class had something to do and another was served. */
  readonly passedOver: PassedOver;
}

/**
 * What to do next. Tickets are closed first, since a device may have ten. All else goes by urgency, and what was passed
 * over often enough has its turn; within a class oldest first. What has to wait stands in nobody's way.
 */
export function nextJob(outlook: Outlook): Job | Wait {
  const jobs = allJobs(outlook).filter(outlook.canRun);
  const due = jobs.filter((job) => dueMsOf(job, outlook) <= outlook.nowMs);
  const [first] = due;
  if (first?.kind === 'close-ticket') return first;
  const served = byUrgency(due.map(urgencyOf), outlook.passedOver)[0];
  const next = due.find((job) => urgencyOf(job) === served);
  if (next) return next;
  const times = jobs.map((job) => dueMsOf(job, outlook));
  return { kind: 'wait', untilMs: times.length === 0 ? undefined : Math.min(...times) };
}

/** The classes that have something to do now. */
export function dueClasses(outlook: Outlook): ReadonlySet<Urgency> {
  return new Set(
    allJobs(outlook)
      .filter((job) => outlook.canRun(job) && dueMsOf(job, outlook) <= outlook.nowMs)
      .map(urgencyOf),
  );
}

/** How urgent a job is. An announcement brings a receipt, whatever it is for. Tickets are not asked for theirs. */
export function urgencyOf(job: Job): Urgency {
  switch (job.kind) {
    case 'close-ticket':
      return 'receipt';
    case 'announce':
      return job.batch.urgency === 'safety' ? 'safety' : 'receipt';
    case 'forward':
      return job.batch.urgency;
    case 'gather':
      return job.tier;
    case 'gather-items':
      return job.itemClass;
  }
}

function dueMsOf(job: Job, { dueMs, archivesDueMs }: Outlook): number {
  const gatheredMs = job.kind === 'gather-items' ? job.gatheredMs : 0;
  return Math.max(dueMs(job.key), gatheredMs, movesArchives(job) ? archivesDueMs : 0);
}

/** Such jobs keep to the site's windows. */
function movesArchives(job: Job): boolean {
  return job.kind === 'gather' || (job.kind === 'forward' && job.batch.tier !== 'items');
}

/** Everything that is owed; within each class, the oldest first, and batches that are made before new ones. */
function allJobs({ ticketsToClose, openBatches, tiersToBatch, itemsToBatch }: Outlook): Job[] {
  const closing = ticketsToClose.map((ticket): Job => {
    return { kind: 'close-ticket', key: `close-ticket:${ticket.correlationId}`, ticket };
  });
  const announcing = openBatches
    .filter(({ state }) => state === 'uploaded')
    .map((batch): Job => ({ kind: 'announce', key: announceKey(batch.batchId), batch }));
  const forwarding = openBatches
    .filter(({ state }) => state === 'uploading')
    .map((batch): Job => ({ kind: 'forward', key: forwardKey(batch.batchId), batch }));
  const gathering = tiersToBatch.map((tier): Job => ({ kind: 'gather', key: `gather:${tier}`, tier }));
  return [...closing, ...announcing, ...forwarding, ...gathering, ...itemsToBatch.map(gatherItems)];
}

function gatherItems({ itemClass, dueMs }: QueuedClass): Job {
  return { kind: 'gather-items', key: `gather-items:${itemClass}`, itemClass, gatheredMs: dueMs };
}

/** Under which key the sending of a batch's manifest is postponed. */
export function announceKey(batchId: string): string {
  return `announce:${batchId}`;
}

/** Under which key the uploading of a batch is postponed. */
export function forwardKey(batchId: string): string {
  return `forward:${batchId}`;
}
