import type { StudyCounts } from '../protocol/batch.ts';
import type { HeldReason, SendPolicy, Stage } from '../protocol/documents.ts';
import type { Tier } from '../protocol/ids.ts';
import { LedgerError } from './ledger-error.ts';
import { type CaseEvent, nextStage } from './stages.ts';
import { oneRow, type Statements } from './statements.ts';
import { enterStudy, type StudyClaim, type StudyOutcome, storeStudy } from './study-commands.ts';

/** What is known of an inbox entry by looking at names, sizes and times. */
export interface EntrySize {
  /** Digest of names, sizes and times: differs when the entry does. */
  readonly signature: string;
  readonly files: number;
  readonly sourceBytes: number;
}

export interface DetectedEntry extends EntrySize {
  /** HMAC of the entry's place and name. */
  readonly entryKey: string;
  /** The display name, encrypted by the caller; opaque here. */
  readonly sourceSealed: Uint8Array;
}

/** An archive as it was sealed; `file` and `keysFile` are names within the archive folder. */
export interface SealedArchiveRow {
  readonly archiveId: string;
  readonly tier: Tier;
  readonly file: string;
  readonly keysFile: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly files: number;
  /** Key names of those who can open it, sorted. */
  readonly recipients?: readonly string[];
  /** Of a delta: the archive that it stands on. */
  readonly base?: string;
  /** Absent: it is sent as soon as it can be. */
  readonly send?: SendPolicy;
}

interface CaseRow {
  readonly stage: Stage;
  readonly reason: HeldReason | null;
  readonly signature: string;
}

/** Steps of a case before it travels. Each runs inside the writer's transaction, with its stage. */
export const caseCommands = {
  /**
   * A case for an entry. The newest case of that entry answers for it, unless that one is already sealed and the entry
   * has changed since: then it is a new case.
   */
  detect(sql: Statements, entry: DetectedEntry & { readonly caseId: string; readonly at: string }) {
    const newest = sql('SELECT case_id, signature FROM cases WHERE entry_key = ? ORDER BY seq DESC LIMIT 1').get(
      entry.entryKey,
    ) as { case_id: string; signature: string } | undefined;
    if (newest && (newest.signature === entry.signature || !hasArchives(sql, newest.case_id))) {
      return { caseId: newest.case_id, isNew: false };
    }
    sql(
      `INSERT INTO cases (case_id, entry_key, signature, source_sealed, files, source_bytes, stage, detected_at)
       VALUES (@caseId, @entryKey, @signature, @sourceSealed, @files, @sourceBytes, 'detected', @at)`,
    ).run(entry);
    return { caseId: entry.caseId, isNew: true };
  },

  /** Takes a look at an entry into account: a settled one that changed is detected again. Returns the stage. */
  observe(sql: Statements, { caseId, ...entry }: EntrySize & { readonly caseId: string }): Stage {
    const { stage, signature } = caseRow(sql, caseId);
    if (stage === 'settled' && signature === entry.signature) return stage;
    if (stage === 'held') {
      throw new LedgerError('ILLEGAL_MOVE', 'a held case is not observed', {
        hint: 'Rearm it when its entry changed.',
      });
    }
    forgetFindings(sql, caseId);
    writeEntry(sql, caseId, entry);
    return moveCase(sql, caseId, 'changed');
  },

  settle(
    sql: Statements,
    settled: {
      readonly caseId: string;
      readonly fingerprint: string;
      readonly counts: StudyCounts;
      readonly study?: (StudyClaim & { readonly newStudyId: string; readonly at: string }) | undefined;
    },
  ): Stage {
    const { caseId, fingerprint, counts, study } = settled;
    if (study) enterStudy(sql, { ...study, caseId });
    sql('UPDATE cases SET fingerprint = ? WHERE case_id = ?').run(fingerprint, caseId);
    writeCounts(sql, caseId, counts);
    return moveCase(sql, caseId, 'settled');
  },

  /** Puts a case aside for a person. What of it is not yet in a complete batch leaves its batch. */
  hold(sql: Statements, held: { readonly caseId: string; readonly reason: HeldReason; readonly hint: string }): Stage {
    const stage = moveCase(sql, held.caseId, 'held');
    sql('UPDATE cases SET held_reason = @reason, hint = @hint WHERE case_id = @caseId').run(held);
    withdrawArchives(sql, held.caseId);
    return stage;
  },

  /** A held case whose entry changed is looked at again. Throws ALREADY_SEALED when it has archives. */
  rearm(sql: Statements, { caseId, ...entry }: EntrySize & { readonly caseId: string }): Stage {
    if (caseRow(sql, caseId).stage !== 'held') throw new LedgerError('ILLEGAL_MOVE', 'only a held case is rearmed');
    if (hasArchives(sql, caseId)) {
      throw new LedgerError('ALREADY_SEALED', 'a held case that has archives is not read again', {
        hint: 'Detect the changed entry: it becomes a case of its own.',
      });
    }
    writeEntry(sql, caseId, entry);
    forgetFindings(sql, caseId);
    return moveCase(sql, caseId, 'changed');
  },

  /**
   * A person lets a held case go on: one that needs approval is settled again, and approved as long as its entry stays
   * what it is; any other is looked at anew. Throws ALREADY_SEALED when it has archives.
   */
  release(sql: Statements, { caseId }: { readonly caseId: string }): Stage {
    const { stage, reason } = caseRow(sql, caseId);
    if (stage !== 'held') throw new LedgerError('ILLEGAL_MOVE', 'only a held case is released');
    if (hasArchives(sql, caseId)) {
      throw new LedgerError('ALREADY_SEALED', 'a held case that has archives is not read again', {
        hint: 'Its bytes are safe on this appliance. What the receiver refused has to be settled there first.',
      });
    }
    if (reason !== 'needs-approval') {
      forgetFindings(sql, caseId);
      return moveCase(sql, caseId, 'released');
    }
    sql('UPDATE cases SET held_reason = NULL, hint = NULL, approved_signature = signature WHERE case_id = ?').run(
      caseId,
    );
    return moveCase(sql, caseId, 'approved');
  },

  /** The archives of a case are on disk, fsynced, its counts are known, and so is what its study hands on. */
  seal(
    sql: Statements,
    sealed: {
      readonly caseId: string;
      readonly counts: StudyCounts;
      readonly archives: readonly SealedArchiveRow[];
      readonly study?: StudyOutcome | undefined;
      readonly at: string;
    },
  ): Stage {
    if (sealed.archives.length === 0) throw new LedgerError('ILLEGAL_MOVE', 'a sealed case has at least one archive');
    writeCounts(sql, sealed.caseId, sealed.counts);
    for (const archive of sealed.archives) {
      sql(
        `INSERT INTO archives
         (archive_id, case_id, tier, file, keys_file, sha256, bytes, files, recipients, base_archive_id, send, sealed_at)
         VALUES (@archiveId, @caseId, @tier, @file, @keysFile, @sha256, @bytes, @files, @recipients, @base, @send, @at)`,
      ).run({
        ...archive,
        send: archive.send ?? 'always',
        at: sealed.at,
        caseId: sealed.caseId,
        recipients: archive.recipients ? JSON.stringify(archive.recipients) : null,
        base: archive.base ?? null,
      });
    }
    if (sealed.study) storeStudy(sql, sealed.caseId, sealed.study);
    return moveCase(sql, sealed.caseId, 'sealed');
  },
} as const;

/** Moves a case along the transition table and returns where it is now. */
export function moveCase(sql: Statements, caseId: string, event: CaseEvent): Stage {
  const { stage } = caseRow(sql, caseId);
  const next = nextStage(stage, event);
  if (next !== stage) sql('UPDATE cases SET stage = ? WHERE case_id = ?').run(next, caseId);
  return next;
}

export function caseRow(sql: Statements, caseId: string): CaseRow {
  const row = sql('SELECT stage, held_reason AS reason, signature FROM cases WHERE case_id = ?').get(caseId);
  return oneRow(row, 'case');
}

function writeCounts(sql: Statements, caseId: string, counts: StudyCounts): void {
  sql('UPDATE cases SET maps = @maps, points = @points, lesions = @lesions WHERE case_id = @caseId').run({
    ...counts,
    caseId,
  });
}

/** What was found in an entry that is looked at anew, or was held for, is not known any more. */
function forgetFindings(sql: Statements, caseId: string): void {
  sql(
    `UPDATE cases SET held_reason = NULL, hint = NULL, fingerprint = NULL, maps = NULL, points = NULL, lesions = NULL
     WHERE case_id = ?`,
  ).run(caseId);
}

/** Stores how an entry looks now; one that looks differently is not what was approved. */
function writeEntry(sql: Statements, caseId: string, entry: EntrySize): void {
  sql(
    `UPDATE cases SET approved_signature = iif(signature = @signature, approved_signature, NULL),
     signature = @signature, files = @files, source_bytes = @sourceBytes WHERE case_id = @caseId`,
  ).run({ ...entry, caseId });
}

export function hasArchives(sql: Statements, caseId: string): boolean {
  return sql('SELECT 1 FROM archives WHERE case_id = ? LIMIT 1').get(caseId) !== undefined;
}

/** Takes a case's archives, or one of them, out of batches that are not complete, and gives their tickets up. */
export function withdrawArchives(sql: Statements, caseId: string, archiveId?: string): void {
  const leaving = sql(
    `SELECT archive_id, batch_id FROM archives JOIN batches USING (batch_id)
     WHERE case_id = ? AND state = 'uploading' AND archive_id = ifnull(?, archive_id)`,
  ).all(caseId, archiveId ?? null) as { archive_id: string; batch_id: string }[];
  for (const { archive_id, batch_id } of leaving) {
    sql("UPDATE tickets SET state = 'abandoned' WHERE archive_id = ? AND state = 'open'").run(archive_id);
    sql('DELETE FROM blocks WHERE archive_id = ?').run(archive_id);
    sql('UPDATE archives SET batch_id = NULL WHERE archive_id = ?').run(archive_id);
    sql(
      `UPDATE batches SET state = 'dissolved' WHERE batch_id = ?
       AND NOT EXISTS (SELECT 1 FROM archives WHERE archives.batch_id = batches.batch_id)`,
    ).run(batch_id);
  }
}
