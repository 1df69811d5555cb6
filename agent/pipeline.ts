import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import { eraseArchive } from '../archive/index.ts';
import { sealText } from '../core/boxed-text.ts';
import type { Clock } from '../core/clock.ts';
import type { Recipient } from '../core/envelope.ts';
import { codeOf } from '../core/errors.ts';
import type { Work } from '../core/gate.ts';
import { describe, type Log } from '../core/log.ts';
import type { Announce } from '../core/milestones.ts';
import type { HeldReason, SendPolicy, Stage } from '../protocol/documents.ts';
import { newId, type Tier } from '../protocol/ids.ts';
import type { CaseJournal, Ledger, SealedArchiveRow } from '../uploader/index.ts';
import { canGoOn, hintFor, type Reason, reasonFor } from './held.ts';
import { type Entry, type EntryState, lookAt, QuietTimes } from './inbox/index.ts';
import { sealedNote } from './journal-notes.ts';
import type { Opener } from './opener.ts';
import type { Opening, Privacy, Sealed, Sealer } from './seal/index.ts';
import { recallStudy, rememberStudy } from './study-memory.ts';

interface Deps {
  readonly ledger: Ledger;
  /** Told of each sealed case before the ledger is. */
  readonly journal: Pick<CaseJournal, 'append'>;
  readonly sealer: Pick<Sealer, 'identify' | 'seal'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly announce: Announce;
  readonly siteKey: Uint8Array;
  readonly storageKey: Uint8Array;
  readonly recipients: readonly Recipient[];
  readonly privacy: Privacy;
  readonly casesFolder: string;
  readonly send: Readonly<Record<Tier, SendPolicy>>;
  readonly quietMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Whether a person has to let each case go on. */
  readonly mode: 'automatic' | 'ask';
  readonly opener: Opener;
  /** A case moved: the status has something new to say. */
  readonly onChange: () => void;
  /** Tells the courier that there is something new to deliver. */
  readonly onSealed: (bytes: number) => void;
}

/** What became of an entry: look again after so many milliseconds, it is held, or its case is sealed. */
export type Outcome = { readonly againInMs: number } | 'held' | 'sealed';

/**
 * The story of one case, from the inbox to the courier's door:
 *
 *     detect ─▶ settle ─▶ (ask) ─▶ read ─▶ pseudonymise ─▶ seal ─▶ (the courier: batch ─▶ upload ─▶ receipt)
 *
 * Each step ends with its result and its stage in the ledger, in one transaction, so a restart resumes at the stage.
 * A case that fails is held with a reason, or tried again later; the next one goes on either way.
 */
export class Pipeline {
  readonly #deps: Deps;
  readonly #quiet: QuietTimes;
  readonly #failures = new Map<string, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#quiet = new QuietTimes(deps.quietMs);
  }

  /** Takes one entry as far as it will go. `work` is registered at the gate, which every step and chunk passes. */
  async take(entry: Entry, work: Work, signal: AbortSignal): Promise<Outcome> {
    const seen = await this.#look(entry, work, signal);
    const found = await this.#detect(entry, seen);
    const { caseId, stage, isApproved } = found;
    if (stage === 'held' && !(await this.#retaken(found, entry, seen))) return 'held';
    if (!['detected', 'settled', 'held'].includes(stage)) return 'sealed';
    if (seen.held) return this.#hold(caseId, seen.held);
    const missingMs = this.#quiet.observe(entry.key, seen.signature, this.#deps.clock.monotonicMs());
    if (missingMs > 0 && stage !== 'settled' && !entry.isImported) return { againInMs: missingMs };

    try {
      if (!(await this.#deps.opener.hasRoomFor(entry.kind, seen.bytes))) return this.#hold(caseId, reasonFor('ENOSPC'));
      if (stage !== 'settled' || !this.#knowsStudy(caseId)) await this.#settle(caseId, entry, work, signal);
      if (this.#deps.mode === 'ask' && !isApproved) return this.#hold(caseId, reasonFor('NEEDS_APPROVAL'));
      return await this.#seal(caseId, entry, seen, work, signal);
    } catch (error) {
      signal.throwIfAborted();
      await work.pass(signal);
      return this.#failed(caseId, entry, error);
    }
  }

  async #look(entry: Entry, work: Work, signal: AbortSignal): Promise<EntryState & { readonly held?: Reason }> {
    const { maxEntries, maxBytes } = this.#deps;
    const seen = await lookAt(entry.path, { maxEntries, maxBytes }, () => work.pass(signal));
    if (!('tooLarge' in seen)) return seen;
    const { files, bytes } = seen;
    return { signature: 'too-large', files, bytes, held: reasonFor('TOO_LARGE') };
  }

  /** The entry is in the ledger, with what it looks like now; a held case whose entry changed is looked at anew. */
  async #detect(entry: Entry, seen: EntryState): Promise<CaseHead> {
    const { ledger, announce, storageKey } = this.#deps;
    const look = { signature: seen.signature, files: seen.files, sourceBytes: seen.bytes };
    const known = ledger.read.caseByEntry(entry.key);
    if (known?.signature === seen.signature) return known;
    // What was approved is not what lies there now.
    const changed = known && { ...known, isApproved: false };
    // What a person keeps back stays so, however it changes.
    if (changed?.stage === 'held' && changed.reason === 'by-person') return changed;
    if (changed?.stage === 'held' && !changed.isSealed) {
      return { ...changed, stage: await ledger.rearm(changed.caseId, look) };
    }
    if (changed && ['detected', 'settled'].includes(changed.stage)) {
      return { ...changed, stage: await ledger.observe(changed.caseId, look) };
    }
    const sourceSealed = sealText(entry.name, storageKey);
    const { caseId } = await ledger.detect({ entryKey: entry.key, sourceSealed, ...look });
    announce({ event: 'case-detected', text: `Case ${caseId}: detected.`, details: { caseId } });
    return { caseId, stage: 'detected', isApproved: false, isSealed: false };
  }

  /** Held for something that has passed: the entry is back, there is room now, or a person named it again. */
  async #retaken({ caseId, reason, isSealed }: CaseHead, { kind, isAskedFor }: Entry, seen: EntryState) {
    const isOver =
      reason === 'source-gone' ||
      (reason === 'disk-full' && (await this.#deps.opener.hasRoomFor(kind, seen.bytes))) ||
      (isAskedFor === true && reason !== 'needs-approval' && reason !== 'by-person');
    if (!isOver || isSealed) return false;
    await this.#deps.ledger.rearm(caseId, { signature: seen.signature, files: seen.files, sourceBytes: seen.bytes });
    return true;
  }

  /** Holds the cases whose entry is not in any inbox any more, though it was never sealed. */
  async holdMissing(present: ReadonlySet<string>, work: Work, signal: AbortSignal): Promise<void> {
    await work.pass(signal);
    const waiting = this.#deps.ledger.read.casesAt(['detected', 'settled']);
    for (const { caseId, entryKey } of waiting) {
      if (present.has(entryKey)) continue;
      await work.pass(signal);
      await this.#hold(caseId, reasonFor('SOURCE_GONE'));
    }
  }

  /** False for a case that an older release settled, or under another profile. */
  #knowsStudy(caseId: string): boolean {
    const { ledger, privacy } = this.#deps;
    return ledger.read.studyOf(caseId)?.profile === privacy.profile;
  }

  /** The study XML parses and it is known which study this is, and in which state: by content, not by name. */
  async #settle(caseId: string, entry: Entry, work: Work, signal: AbortSignal): Promise<void> {
    const { ledger, opener, sealer, announce, siteKey, privacy } = this.#deps;
    const identify = (opening: Opening) => sealer.identify({ kind: 'identify', ...opening, siteKey }, work, signal);
    const { counts, fingerprint, marks } = await opener.open(caseId, entry, identify, work, signal);
    await ledger.settle(caseId, fingerprint, counts, { marks, profile: privacy.profile });
    const isKnown = (ledger.read.studyOf(caseId)?.revision ?? 0) > 0;
    const known = isKnown ? ', a study that was exported before' : '';
    const found = `${counts.maps} maps, ${counts.points} points, ${counts.lesions} lesions`;
    const text = `Case ${caseId}: settled, ${found}${known}.`;
    announce({ event: 'case-settled', text, details: { caseId, ...counts } });
  }

  /** Pseudonymised, compressed, encrypted archives are on disk and the ledger says so. The source is needed no more. */
  async #seal(caseId: string, entry: Entry, seen: EntryState, work: Work, signal: AbortSignal): Promise<Outcome> {
    const { ledger, opener, sealer, log, announce, recipients, casesFolder: target, send, privacy } = this.#deps;
    const { siteKey, storageKey } = this.#deps;
    const tiers = (['review', 'study'] as const).filter((tier) => send[tier] !== 'never');
    const archives = tiers.map((tier) => ({ tier, archiveId: newId('arc') }));
    const { revision, ...earlier } = recallStudy(ledger.read, caseId, { storageKey, recipients });
    const order = { kind: 'seal', target, caseId, archives, recipients, privacy, siteKey, ...earlier } as const;
    const seal = (opening: Opening) => sealer.seal({ ...order, ...opening }, work, signal);
    const sealed = await opener.open(caseId, entry, seal, work, signal);
    // An entry that moved while it was read was not whole.
    const now = await this.#look(entry, work, signal).catch((error: unknown) => {
      erase(sealed);
      throw error;
    });
    if (now.signature !== seen.signature) {
      erase(sealed);
      return { againInMs: this.#quiet.observe(entry.key, now.signature, this.#deps.clock.monotonicMs()) };
    }
    const rows = sealed.archives.map((archive) => ({ ...rowOf(archive, recipients), send: send[archive.tier] }));
    const study = rememberStudy(sealed, revision, storageKey);
    const known = ledger.read.caseRecord(caseId);
    if (known) {
      const marks = known.studyId === undefined ? [] : ledger.read.studyMarks(known.studyId);
      const noted = { counts: sealed.counts, archives: rows, study, marks };
      this.#deps.journal.append(sealedNote(known, noted, privacy.profile));
    }
    try {
      await ledger.seal(caseId, sealed.counts, rows, study);
    } catch (error) {
      // It was withdrawn or held meanwhile, or another case of the study was sealed: nothing of it is kept.
      if (codeOf(error) === 'ILLEGAL_MOVE') erase(sealed);
      throw error;
    }
    this.#quiet.forget(entry.key);
    this.#failures.delete(caseId);
    opener.forget(caseId);
    const bytes = sealed.archives.reduce((sum, archive) => sum + archive.bytes, 0);
    const { container, leftOut, warnings } = sealed;
    log.info({ caseId, bytes, sourceBytes: sealed.sourceBytes, container, leftOut, warnings }, 'case sealed');
    announce({ event: 'case-sealed', text: `Case ${caseId}: pseudonymised and sealed.`, details: { caseId, bytes } });
    this.#deps.onSealed(bytes);
    return 'sealed';
  }

  /** Held when a person is needed; otherwise tried again, later each time, and held after five failures. */
  async #failed(caseId: string, entry: Entry, error: unknown): Promise<Outcome> {
    if (isBusy(error)) return { againInMs: this.#deps.quietMs };
    const stage = this.#deps.ledger.read.caseRecord(caseId)?.stage;
    if (stage === 'withdrawn') return 'sealed';
    if (stage === 'held') return 'held';
    const failures = (this.#failures.get(caseId) ?? 0) + 1;
    this.#failures.set(caseId, failures);
    this.#deps.log.warn({ caseId, failures, error: describe(error) }, 'case not taken');
    const isGone = await lstat(entry.path).then(
      () => false,
      () => true,
    );
    const reason = isGone ? reasonFor('SOURCE_GONE') : reasonFor(error, failures);
    if (reason) return this.#hold(caseId, reason);
    this.#quiet.forget(entry.key);
    return { againInMs: 1_000 * 2 ** failures };
  }

  async #hold(
    caseId: string,
    { reason, hint }: { readonly reason: HeldReason; readonly hint: string },
  ): Promise<Outcome> {
    const { ledger, announce } = this.#deps;
    this.#failures.delete(caseId);
    if (!canGoOn(reason)) this.#deps.opener.forget(caseId);
    const told = hintFor(hint, caseId);
    await ledger.hold(caseId, reason, told);
    announce({ event: 'case-held', text: `Case ${caseId}: held, ${reason}. ${told}`, details: { caseId, reason } });
    return 'held';
  }
}

/** The part of a case that decides what happens to its entry next. */
interface CaseHead {
  readonly caseId: string;
  readonly stage: Stage;
  readonly reason?: HeldReason;
  readonly isApproved: boolean;
  readonly isSealed: boolean;
}

/** Whoever writes the entry still holds it: not a failure, it is simply not whole. */
function isBusy(error: unknown): boolean {
  return ['EBUSY', 'ETXTBSY', 'EAGAIN'].includes(codeOf(error) ?? '');
}

function erase({ archives }: Sealed): void {
  for (const { path } of archives) eraseArchive(path);
}

/** The ledger keeps names within the archive folder, so the data folder can be moved. */
function rowOf(archive: Sealed['archives'][number], recipients: readonly Recipient[]): SealedArchiveRow {
  const { archiveId, tier, path, keysPath, sha256, bytes, files, base } = archive;
  return {
    ...{ archiveId, tier, file: basename(path), keysFile: basename(keysPath), sha256, bytes, files },
    recipients: recipients.map(({ kid }) => kid).sort(),
    ...(base === undefined ? {} : { base }),
  };
}
