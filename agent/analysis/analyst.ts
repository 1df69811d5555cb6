import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import type { Gate, Work } from '../../core/gate.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import type { Announce } from '../../core/milestones.ts';
import type { Analyser, StudyPlace } from '../../local-ml/index.ts';
import type { CaseFindings } from '../../protocol/findings.ts';
import type { ArchiveRecord, Ledger } from '../../uploader/index.ts';
import type { SeenCase } from './drift.ts';
import type { DriftFile } from './drift-file.ts';
import type { FindingsStore } from './findings-store.ts';

export interface AnalystDeps {
  readonly ledger: Pick<Ledger, 'enqueueFindings' | 'read'>;
  readonly gate: Gate;
  readonly log: Log;
  readonly announce: Announce;
  readonly store: FindingsStore;
  readonly casesFolder: string;
  readonly storageKey: { readonly kid: string; readonly secret: Uint8Array };
  /** Else no case is analysed, and the findings that there are go in their time. */
  readonly isEnabled: boolean;
  /** Loaded with the first case: an idle daemon stays small. */
  readonly openAnalyser: () => Promise<Pick<Analyser, 'analyse' | 'stop'>>;
  /** Findings leave as cases of the review tier do: always, or not by themselves. */
  readonly isSent: boolean;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Counts what the models make of cases. */
  readonly drift: Pick<DriftFile, 'note'>;
}

/** At these stages a case is sealed and lets itself be read. */
const readable = ['sealed', 'batched', 'uploading', 'uploaded', 'delivered'] as const;
/** So often a case is tried before it is noted that there are no findings. */
const maxTries = 3;

/**
 * Analyses what was sealed, one case at a time, behind the gate, beside the courier: a case never waits for its findings.
 * What was found, or why nothing was, is stored durably and put into the outbox; it is erased when the case's archives
 * are gone. A file per case is all the state there is, so a restart goes on where it was.
 */
export class Analyst implements Service {
  readonly name = 'analyst';
  readonly #deps: AnalystDeps;
  readonly #stop = new AbortController();
  readonly #tries = new Map<string, number>();
  #wake = Promise.withResolvers<void>();
  #analyser: Pick<Analyser, 'analyse' | 'stop'> | undefined;
  #running: Promise<void> | undefined;

  constructor(deps: AnalystDeps) {
    this.#deps = deps;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#stop.signal]));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    this.#wake.resolve();
    await this.#running;
    await this.#analyser?.stop();
  }

  /** A case was sealed or withdrawn, or archives were erased. */
  wake(): void {
    this.#wake.resolve();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers<void>();
      const { promise } = this.#wake;
      try {
        await this.#round(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#deps.log.warn({ part: 'analyst', error: describe(error) }, 'round not finished');
      }
      await promise;
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { gate, store, ledger, isEnabled } = this.#deps;
    using work = gate.work('analysis');
    await work.pass(signal);
    for (const caseId of store.cases()) {
      if (this.#archiveOf(caseId)) continue;
      await work.pass(signal);
      store.erase(caseId);
    }
    for (const { caseId } of isEnabled ? ledger.read.casesAt(readable) : []) {
      if (store.has(caseId)) continue;
      const archive = this.#archiveOf(caseId);
      if (archive) await this.#take(caseId, archive, work, signal);
    }
  }

  /** What there is of a case to be read: the small archive before the large one. */
  #archiveOf(caseId: string): ArchiveRecord | undefined {
    const here = this.#deps.ledger.read.archivesOf(caseId).filter(({ kept }) => kept === 'here');
    return here.find(({ tier }) => tier === 'review') ?? here[0];
  }

  async #take(caseId: string, archive: ArchiveRecord, work: Work, signal: AbortSignal): Promise<void> {
    const { log, announce, gate, clock } = this.#deps;
    try {
      this.#analyser ??= await this.#deps.openAnalyser();
      const [changes, sinceMs] = [gate.changes, clock.monotonicMs()];
      const { findings, seen } = await this.#analyser.analyse(this.#placeOf(archive), { work, signal });
      const took = gate.changes === changes ? { seconds: (clock.monotonicMs() - sinceMs) / 1000 } : {};
      await this.#keep({ v: 1, caseId, findings });
      this.#count({ ...seen, findings, ...took });
      const { discontinuities, abstentions, needsReview } = findings;
      const details = {
        caseId,
        discontinuities: discontinuities?.length ?? 0,
        abstentions: abstentions.length,
        needsReview,
      };
      log.info(details, 'case analysed');
      announce({ event: 'case-analysed', text: `Case ${caseId}: analysed, not for diagnosis.`, details });
    } catch (error) {
      signal.throwIfAborted();
      const tries = (this.#tries.get(caseId) ?? 0) + 1;
      this.#tries.set(caseId, tries);
      log.warn({ caseId, tries, error: describe(error) }, 'case not analysed');
      if (tries < maxTries) return this.#take(caseId, archive, work, signal);
      this.#tries.delete(caseId);
      const failure = codeOf(error) ?? 'ANALYSIS_FAILED';
      await this.#keep({ v: 1, caseId, absent: failure });
      this.#count({ models: {}, failure });
    }
  }

  /** A case is not worth less because it could not be counted. */
  #count(seen: SeenCase): void {
    const { drift, log } = this.#deps;
    try {
      drift.note(seen);
    } catch (error) {
      log.warn({ part: 'analyst', error: describe(error) }, 'case not counted');
    }
  }

  /**
   * In the outbox first: a crash in between sends the same bytes twice, it never loses them. Nothing goes out of a case that
   * was withdrawn while it was analysed; what is kept of it a moment too late, the next round erases.
   */
  async #keep(found: CaseFindings): Promise<void> {
    const { ledger, store, isSent } = this.#deps;
    if (isSent && !(await ledger.enqueueFindings(found.caseId, store.textOf(found)))) return;
    await store.write(found);
  }

  #placeOf({ file, base }: ArchiveRecord): StudyPlace {
    const { casesFolder, storageKey, ledger } = this.#deps;
    const below = base === undefined ? undefined : ledger.read.archiveById(base);
    const basePath = below?.kept === 'here' ? { basePath: join(casesFolder, below.file) } : {};
    return { kind: 'archive', path: join(casesFolder, file), key: storageKey, ...basePath };
  }
}
