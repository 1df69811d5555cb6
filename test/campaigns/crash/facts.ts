import type { AuditAction, AuditHead } from '../../../protocol/audit.ts';
import type { LedgerReader, RefusalRecord } from '../../../uploader/index.ts';

/** In the scripted day this step and this record are one transaction: neither is there without the other. */
export const pairedAction = 'case-hold' satisfies AuditAction;
export const pairedCode = 'NOT_ORDERED' satisfies RefusalRecord['code'];

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
  readonly audit: AuditFacts;
  /** Ids of records that commands left as files, and that were not in the chain yet. */
  readonly left?: readonly string[];
  /** How far the audit log went by the word of batches that left. */
  readonly heads?: readonly AuditHead[];
}

/** The audit log. */
export interface AuditFacts {
  /** By place in the chain: id and hash. */
  readonly records: Readonly<Record<number, readonly [id: string, hash: string]>>;
  /** Records up to this place were delivered and let go. */
  readonly archivedSeq: number;
}

/** Before anything was acknowledged. */
export const noFacts: Facts = {
  ...{ cases: {}, archives: {}, receipts: [], refusals: 0, enqueued: {} },
  audit: { records: {}, archivedSeq: 0 },
};

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
    audit: {
      records: Object.fromEntries([...read.audit.after(0)].map(({ seq, id, hash }) => [seq, [id, hash]])),
      archivedSeq: Math.max(
        0,
        ...read.audit.segments().map(({ state, lastSeq }) => (state === 'archived' ? lastSeq : 0)),
      ),
    },
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
  return [...missing, ...missingRecords(acknowledged, found)];
}

function missingRecords({ audit, left = [], heads = [] }: Facts, { audit: now }: Facts): string[] {
  const missing: string[] = [];
  if (now.archivedSeq < audit.archivedSeq) missing.push('what was let go of the audit log is not let go');
  const acknowledged = Object.entries(audit.records).map(([seq, [, hash]]) => ({ seq: Number(seq), hash }));
  for (const { seq, hash } of [...acknowledged, ...heads]) {
    if (seq > now.archivedSeq && now.records[seq]?.[1] !== hash) missing.push(`audit record ${seq} is gone`);
  }
  const ids = new Set(Object.values(now.records).map(([id]) => id));
  for (const id of left) if (!ids.has(id)) missing.push(`record ${id} is gone`);
  return missing;
}
