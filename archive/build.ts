import type { PseudonymisedStudy } from '../carto/index.ts';
import type { Recipient } from '../core/envelope.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import { archiveIdSchema, caseIdSchema, type Tier } from '../protocol/ids.ts';
import { ArchiveBuild, type ArchiveOrder, type SealedArchive } from './archive-build.ts';
import { ArchiveError } from './archive-error.ts';
import type { DeltaPlan } from './delta.ts';
import { checkNames } from './entry-name.ts';
import { Filling } from './filling.ts';
import { maxFiles } from './format.ts';
import { planPacks } from './pack.ts';
import type { HireSecondHand } from './pack-line.ts';
import type { BuildStep, EnterStep } from './step.ts';

export interface BuildHooks {
  /** Called when a step begins: for progress, and for tests that cut there. What it throws ends the build. */
  readonly onStep?: (step: BuildStep) => void;
  /** Handed what resolves when no flush is under way: for whoever waits at the gate elsewhere than between two steps. */
  readonly onFlushing?: (flushed: () => Promise<void>) => void;
}

/** The archives of one case. */
export interface BuildsOrder {
  readonly study: PseudonymisedStudy;
  readonly caseId: string;
  /** Of one tier each: only files of that tier go in. */
  readonly archives: readonly ArchiveOrder[];
  /** Must exist. */
  readonly folder: string;
  readonly recipients: readonly Recipient[];
  /** Awaited before every piece read, compressed, inserted, flushed or hashed. */
  readonly checkpoint: Checkpoint;
  readonly hooks?: BuildHooks;
  /** Begins a second thread, which writes files beside this one; by this one alone without it. The bytes are the same. */
  readonly hire?: HireSecondHand | undefined;
}

/**
 * Seals tiers of a pseudonymised study into `<caseId>.<tier>.case` each, with its `.keys` beside it, in one pass: a file
 * that several tiers hold is read, hashed and compressed once, and encrypted for each under its own key. When it
 * resolves all are durable, keys first; when it rejects (with what went wrong, unchanged) none is there. An archive that
 * already bears the name was placed by a run that was killed before it could say so, and is replaced once the new one is
 * whole.
 *
 * Memory is bounded: some packs, one chunk and SQLite's page caches, whatever the study's size, and about 0.5 KB per file.
 */
export async function buildArchives(order: BuildsOrder): Promise<readonly SealedArchive[]> {
  check(order);
  const { archives, study } = order;
  const builds: ArchiveBuild[] = [];
  const enter = stepper(order, builds);
  try {
    for (const one of archives) {
      await enter('plan');
      builds.push(await ArchiveBuild.begin({ ...order, order: one, enter }));
    }
    await enter('plan');
    await new Filling({ order, builds, enter }).run(planPacks(study.files, archives));
    for (const build of builds) await build.finish();
    const sealed: SealedArchive[] = [];
    for (const build of builds) sealed.push(await build.place());
    return sealed;
  } catch (error) {
    for (const build of builds) await build.discard();
    throw error;
  } finally {
    for (const build of builds) build.forgetKey();
  }
}

/** An order of one archive. */
export interface BuildOrder extends Omit<BuildsOrder, 'archives' | 'hooks'> {
  readonly tier: Tier;
  readonly archiveId: string;
  readonly delta?: DeltaPlan;
  readonly hooks?: BuildHooks & Pick<ArchiveOrder, 'onFile'>;
}

/** Seals one tier alone. */
export async function buildArchive({ tier, archiveId, delta, ...order }: BuildOrder): Promise<SealedArchive> {
  const archives = [{ tier, archiveId, delta, onFile: order.hooks?.onFile }];
  const [sealed] = await buildArchives({ ...order, archives });
  return sealed as SealedArchive;
}

/** Everything that readers would refuse is refused before there is a file. Ids that are wrong are a mistake of the caller's code. */
function check({ study, caseId, archives }: BuildsOrder): void {
  caseIdSchema.parse(caseId);
  for (const { tier, archiveId, delta } of archives) {
    archiveIdSchema.parse(archiveId);
    const ofTier = study.files.filter((file) => file.tiers.includes(tier));
    checkNames(ofTier.map((file) => file.name));
    const files = ofTier.length - (delta?.unchanged.length ?? 0);
    if (files > maxFiles) {
      throw new ArchiveError('LIMIT_EXCEEDED', `${files} files are more than the ${maxFiles} of one archive`);
    }
  }
}

/** Waits at the gate before every step; where it has to wait, no flush goes on meanwhile. */
function stepper({ checkpoint, hooks }: BuildsOrder, builds: readonly ArchiveBuild[]): EnterStep {
  const standStill = async () => {
    for (const build of builds) await build.flushed();
  };
  hooks?.onFlushing?.(standStill);
  return async (step) => {
    await checkpoint(standStill);
    hooks?.onStep?.(step);
  };
}
