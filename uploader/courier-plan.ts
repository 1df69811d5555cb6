import type { Tier } from '../protocol/ids.ts';
import type { ArchiveRecord, OpenBatch, TicketRecord } from './ledger-records.ts';

/** The courier's next piece of work. */
export type Job =
  /** Tell the hub how an upload ended. */
  | { readonly kind: 'close-ticket'; readonly key: string; readonly ticket: TicketRecord }
  /** Send a batch's manifest, for the first time or again. */
  | { readonly kind: 'announce'; readonly key: string; readonly batch: OpenBatch }
  /** Take the next archive of a batch to the blob endpoint. */
  | { readonly kind: 'upload'; readonly key: string; readonly batch: OpenBatch; readonly archive: ArchiveRecord }
  /** All archives of a batch are committed: fix its manifest. */
  | { readonly kind: 'complete'; readonly key: string; readonly batch: OpenBatch }
  /** Put sealed archives into a batch. */
  | { readonly kind: 'batch'; readonly key: string; readonly tier: Tier }
  /** Nothing now: until then, or, undefined, until something happens. */
  | { readonly kind: 'wait'; readonly untilMs: number | undefined };

/** What the ledger says, and when things may be tried again. */
export interface Outlook {
  readonly ticketsToClose: readonly TicketRecord[];
  readonly openBatches: readonly OpenBatch[];
  readonly archivesToBatch: readonly ArchiveRecord[];
  readonly nowMs: number;
  readonly dueMs: (key: string) => number;
}

/**
 * What to do next. Tickets are closed first, since a device may have ten; then what costs little and brings receipts;
 * then uploads, review before study, oldest first. What has to wait stands in nobody's way.
 */
export function nextJob(outlook: Outlook): Job {
  const jobs = allJobs(outlook);
  const due = jobs.find(({ key }) => outlook.dueMs(key) <= outlook.nowMs);
  if (due) return due;
  const times = jobs.map(({ key }) => outlook.dueMs(key));
  return { kind: 'wait', untilMs: times.length === 0 ? undefined : Math.min(...times) };
}

/** Everything that is owed, the most urgent first. */
function allJobs({ ticketsToClose, openBatches, archivesToBatch }: Outlook): Exclude<Job, { kind: 'wait' }>[] {
  const announcements = openBatches.filter(({ state }) => state === 'uploaded');
  const ofTier = (tier: Tier) => [
    ...openBatches.filter((batch) => batch.state === 'uploading' && batch.tier === tier).map(forward),
    ...(archivesToBatch.some((archive) => archive.tier === tier)
      ? [{ kind: 'batch', key: `batch:${tier}`, tier } as const]
      : []),
  ];
  return [
    ...ticketsToClose.map(
      (ticket) => ({ kind: 'close-ticket', key: `close-ticket:${ticket.correlationId}`, ticket }) as const,
    ),
    ...announcements.map((batch) => ({ kind: 'announce', key: announceKey(batch.batchId), batch }) as const),
    ...ofTier('review'),
    ...ofTier('study'),
  ];
}

/** The next step of a batch whose archives are not all announced. */
function forward(batch: OpenBatch): Extract<Job, { kind: 'upload' | 'complete' }> {
  const archive = batch.archives.find(({ blob }) => blob === undefined);
  const key = `upload:${batch.batchId}`;
  return archive ? { kind: 'upload', key, batch, archive } : { kind: 'complete', key, batch };
}

/** Under which key the sending of a batch's manifest is scheduled. */
export function announceKey(batchId: string): string {
  return `announce:${batchId}`;
}
