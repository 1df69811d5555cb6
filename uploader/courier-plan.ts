import type { Tier } from '../protocol/ids.ts';
import type { OpenBatch, TicketRecord } from './ledger-records.ts';

/** The courier's next piece of work. `key`: under which it is postponed when it fails. */
export type Job =
  /** Tell the hub how an upload ended. */
  | { readonly kind: 'close-ticket'; readonly key: string; readonly ticket: TicketRecord }
  /** Send a batch's manifest, for the first time or again. */
  | { readonly kind: 'announce'; readonly key: string; readonly batch: OpenBatch }
  /** Upload the next archive of a batch, or fix its manifest when there is none left. */
  | { readonly kind: 'forward'; readonly key: string; readonly batch: OpenBatch }
  /** Put sealed archives of a tier into a batch. */
  | { readonly kind: 'gather'; readonly key: string; readonly tier: Tier };

/** Nothing now: until then, or, undefined, until something happens. */
export interface Wait {
  readonly kind: 'wait';
  readonly untilMs: number | undefined;
}

/** What the ledger says, and when things may be tried again. */
export interface Outlook {
  readonly ticketsToClose: readonly TicketRecord[];
  readonly openBatches: readonly OpenBatch[];
  readonly tiersToBatch: readonly Tier[];
  readonly nowMs: number;
  readonly dueMs: (key: string) => number;
  /** Archives do not leave before: no window is open, or the endpoint asked for patience. What is small goes at any time. */
  readonly archivesDueMs: number;
}

/**
 * What to do next. Tickets are closed first, since a device may have ten; then what costs little and brings receipts;
 * then uploads, review before study, oldest first. What has to wait stands in nobody's way.
 */
export function nextJob(outlook: Outlook): Job | Wait {
  const jobs = allJobs(outlook);
  const dueMs = (job: Job) => Math.max(outlook.dueMs(job.key), movesArchives(job) ? outlook.archivesDueMs : 0);
  const due = jobs.find((job) => dueMs(job) <= outlook.nowMs);
  if (due) return due;
  const times = jobs.map(dueMs);
  return { kind: 'wait', untilMs: times.length === 0 ? undefined : Math.min(...times) };
}

/** Such jobs keep to the site's windows. */
function movesArchives({ kind }: Job): boolean {
  return kind === 'forward' || kind === 'gather';
}

/** Everything that is owed, the most urgent first. */
function allJobs({ ticketsToClose, openBatches, tiersToBatch }: Outlook): Job[] {
  const closing = ticketsToClose.map((ticket): Job => {
    return { kind: 'close-ticket', key: `close-ticket:${ticket.correlationId}`, ticket };
  });
  const announcing = openBatches
    .filter(({ state }) => state === 'uploaded')
    .map((batch): Job => ({ kind: 'announce', key: announceKey(batch.batchId), batch }));
  return [...closing, ...announcing, ...jobsOf('review'), ...jobsOf('study')];

  function jobsOf(tier: Tier): Job[] {
    const forwarding = openBatches
      .filter((batch) => batch.state === 'uploading' && batch.tier === tier)
      .map((batch): Job => ({ kind: 'forward', key: forwardKey(batch.batchId), batch }));
    return tiersToBatch.includes(tier) ? [...forwarding, { kind: 'gather', key: `gather:${tier}`, tier }] : forwarding;
  }
}

/** Under which key the sending of a batch's manifest is postponed. */
export function announceKey(batchId: string): string {
  return `announce:${batchId}`;
}

/** Under which key the uploading of a batch is postponed. */
export function forwardKey(batchId: string): string {
  return `forward:${batchId}`;
}
