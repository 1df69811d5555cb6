import type { LedgerReader } from '../../../uploader/index.ts';

/** What a ledger has acknowledged: it may say more after a crash, never less. */
export interface Facts {
  /** Stage of each case. */
  readonly cases: Readonly<Record<string, string>>;
  /** Archives on disk: file and SHA-256 by id. */
  readonly archives: Readonly<
    Record<string, { readonly file: string; readonly sha256: string; readonly isOwed: boolean }>
  >;
  /** Digests of receipts, in the order of the chain. */
  readonly receipts: readonly string[];
  readonly refusals: number;
  /** How many items of each kind the outbox ever took. */
  readonly enqueued: Readonly<Record<string, number>>;
}

export function factsOf(read: LedgerReader): Facts {
  const cases = read.cases();
  const archives = cases.flatMap(({ caseId }) => read.archivesOf(caseId));
  return {
    cases: Object.fromEntries(cases.map(({ caseId, stage }) => [caseId, stage])),
    archives: Object.fromEntries(
      archives.map(({ archiveId, file, sha256, receiptedAt }) => [
        archiveId,
        { file, sha256, isOwed: receiptedAt === undefined },
      ]),
    ),
    receipts: read.receipts().map(({ sha256 }) => sha256),
    refusals: read.refusals().length,
    enqueued: Object.fromEntries(read.outbox.counts().map(({ kind, enqueued }) => [kind, enqueued])),
  };
}

const ranks = ['detected', 'settled', 'sealed', 'batched', 'uploading', 'uploaded', 'delivered', 'released'];

/** What was acknowledged and is not there any more. */
export function missingOf(acknowledged: Facts, found: Facts): string[] {
  const missing: string[] = [];
  for (const [caseId, stage] of Object.entries(acknowledged.cases)) {
    const now = found.cases[caseId];
    if (now === undefined) missing.push(`case ${caseId} is gone`);
    // Held is no loss; whoever checks says whether it is a person's business.
    else if (now !== 'held' && ranks.indexOf(now) < ranks.indexOf(stage))
      missing.push(`case ${caseId} was ${stage}, is ${now}`);
  }
  for (const [archiveId, { sha256 }] of Object.entries(acknowledged.archives)) {
    if (found.archives[archiveId]?.sha256 !== sha256) missing.push(`archive ${archiveId} is gone`);
  }
  for (const [place, receipt] of acknowledged.receipts.entries()) {
    if (found.receipts[place] !== receipt) missing.push(`receipt ${place} of the chain is gone`);
  }
  if (found.refusals < acknowledged.refusals) missing.push('a refusal is gone');
  for (const [kind, count] of Object.entries(acknowledged.enqueued)) {
    if ((found.enqueued[kind] ?? 0) < count) missing.push(`an item of kind ${kind} is gone`);
  }
  return missing;
}
