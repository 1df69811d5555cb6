import type { LedgerReader } from '../../uploader/index.ts';
import type { Hindrance, Owed } from './progress.ts';

/** What of the outside hinders a delivery now, and what the courier heard last about a batch. */
export interface Outside {
  readonly link: { readonly state: string; readonly error?: string };
  /** Whether archives may leave at this time of the week. */
  readonly isWindowOpen: boolean;
  /** Code of the failure that a batch met last, until it made progress. */
  readonly failureOf: (batchId: string) => string | undefined;
}

/** Words with which another side says no; all else comes and goes by itself. */
const refusals: ReadonlySet<string> = new Set([
  ...['IDENTITY_REFUSED', 'SERVER_NOT_TRUSTED', 'REFUSED', 'DENIED', 'REVOKED', 'REGISTRATION_REFUSED'],
  ...['REQUEST_REFUSED', 'CLIENT_CERTIFICATE_REFUSED'],
  ...['ENDPOINT_REFUSED', 'ENDPOINT_NOT_TRUSTED', 'TICKET_REFUSED', 'BLOB_CONFLICT'],
]);

/** Everything that is owed to the cloud side, as the courier sees it. What waits for a person is not among it. */
export function owedBy(read: LedgerReader, outside: Outside): readonly Owed[] {
  const last = read.lastReceipt()?.batchId ?? 'none';
  const batches = read.openBatches().map(({ batchId, createdAt, state, tier }): Owed => {
    const steps = tier === 'items' ? 0 : stepsOf(read, batchId);
    const hindrance = hindranceOf(outside, { isArchive: tier !== 'items' && state === 'uploading', batchId });
    return { key: batchId, since: createdAt, mark: `${state} ${steps}`, hindrance };
  });
  const [cases, items] = [read.oldestToBatch(), read.outbox.oldestQueuedAt()];
  // Whatever waits for its turn comes nearer to it with each receipt.
  const waiting = [
    ...(cases === undefined ? [] : [{ key: 'cases', since: cases, isArchive: true }]),
    ...(items === undefined ? [] : [{ key: 'items', since: items, isArchive: false }]),
  ].map(({ isArchive, ...one }): Owed => ({ ...one, mark: last, hindrance: hindranceOf(outside, { isArchive }) }));
  return [...batches, ...waiting];
}

/** Blocks that are staged and archives that are committed. */
function stepsOf(read: LedgerReader, batchId: string): string {
  const archives = read.archivesInBatch(batchId);
  const left = archives.filter(({ blob }) => blob === undefined);
  const blocks = left.reduce((sum, { archiveId }) => sum + read.blocksOf(archiveId).length, 0);
  return `${archives.length - left.length}/${blocks}`;
}

function hindranceOf(outside: Outside, about: { readonly isArchive: boolean; readonly batchId?: string }): Hindrance {
  const { link, isWindowOpen, failureOf } = outside;
  if (link.state !== 'online') return refusals.has(link.error ?? '') ? 'refused' : 'no-link';
  if (about.isArchive && !isWindowOpen) return 'outside-windows';
  const failure = about.batchId === undefined ? undefined : failureOf(about.batchId);
  return refusals.has(failure ?? '') ? 'refused' : 'none';
}
