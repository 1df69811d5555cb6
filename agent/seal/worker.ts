import { createSecretKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { ArchiveOrder, BuildStep, CopyJob, DeltaPlan } from '../../archive/index.ts';
import type { PseudonymisedStudy, Source } from '../../carto/index.ts';
import { attachGate, type Checkpoint, sharedMs } from '../../core/gate-flag.ts';
import { loadBehindGate } from '../../core/gated-loading.ts';
import { lowerOwnPriority } from '../../core/priority.ts';
import { withinShare } from '../../core/work-share.ts';
import type { FileDigests } from '../../uploader/index.ts';
import { carry } from './job-error.ts';
import type { Identified, Sealed, SealJob, SealThreadData, WorkerMessage } from './jobs.ts';
import { keyedBase, keyedFile, type NamedContent } from './keyed-files.ts';
import { pacedSource } from './paced-source.ts';
import { SecondThread } from './second-hand.ts';

type SealOrder = Extract<SealJob, { kind: 'seal' }>;

/**
 * The compute thread: reads an export, pseudonymises it and seals its archives in one pass. Every piece of work passes
 * the gate; while it waits there the thread sleeps and says so, which is how the daemon knows that it is quiet. Loading
 * the rooms is work too: each is loaded when it is first needed, behind the gate.
 */
const port = parentPort;
if (!port) throw new Error('the seal worker runs as a thread of the daemon only');

/** So long a wait for the disk has to be to be spoken of. */
const noticedMs = 2;
const { gate: flag, cpuPercent, syncing } = workerData as SealThreadData;
const gate = attachGate(flag, (changes) => say({ kind: 'parked', changes, atMs: sharedMs() }));
/** Resolves when no flush of an archive is under way. */
let flushed = nothingToFlush;
const second = new SecondThread({ gate: flag, cpuPercent }, gate);
/** This thread answers for both: it says that it waits when the other one stands still too. */
const pass: Checkpoint = (beforeWaiting) =>
  gate.pass(async () => {
    await beforeWaiting?.();
    await whileSyncing(flushed);
    await second.still();
  });
const checkpoint = withinShare(pass, gate, { percent: cpuPercent });

lowerOwnPriority();
loadBehindGate(() => gate.standStill(() => second.standStill()));
port.on('message', (job: SealJob) => {
  run(job)
    .finally(() => {
      flushed = nothingToFlush;
      Atomics.store(syncing, 0, 0);
    })
    .then((result): WorkerMessage => ({ kind: 'done', result }))
    .catch(async (error: unknown): Promise<WorkerMessage> => ({ kind: 'failed', error: await carry(error) }))
    .then(say);
});

async function nothingToFlush(): Promise<void> {}

/** Steps of a build that end in an fsync. */
const syncingSteps: ReadonlySet<BuildStep> = new Set(['flush', 'commit', 'settle', 'keys', 'place']);

function noteStep(step: BuildStep): void {
  Atomics.store(syncing, 0, syncingSteps.has(step) ? 1 : 0);
}

/** A wait that was noticed stays on record until the next step: it is why this thread stood still so late. */
async function whileSyncing(wait: () => Promise<void>): Promise<void> {
  const before = Atomics.exchange(syncing, 0, 1);
  const fromMs = sharedMs();
  await wait();
  if (sharedMs() - fromMs < noticedMs) Atomics.store(syncing, 0, before);
}

function say(message: WorkerMessage): void {
  port?.postMessage(message);
}

async function run(job: SealJob): Promise<Identified | Sealed> {
  await checkpoint();
  const { openSource } = await import('../../carto/index.ts');
  const opened = await openSource(job.source, checkpoint, job);
  const { readBytesPerSecond: bytesPerSecond } = job;
  const source =
    bytesPerSecond === undefined ? opened : pacedSource(opened, { bytesPerSecond, checkpoint, nap: gate.nap });
  try {
    return await carryOut(job, source);
  } finally {
    await source.close?.();
  }
}

async function carryOut(job: SealJob, source: Source): Promise<Identified | Sealed> {
  const { identify, pseudonymise } = await import('../../carto/index.ts');
  if (job.kind === 'identify') return identify(source, checkpoint, job.siteKey);
  second.begin();
  const { privacy, linkage } = job;
  const study = await pseudonymise(source, checkpoint, { ...privacy, linkage });
  const tiers = await sealTiers(job, study);
  const { counts, sourceFiles, sourceBytes, leftOut, warnings } = study;
  const { container = 'folder' } = source;
  return { counts, ...tiers, linkage: study.linkage(), sourceFiles, sourceBytes, container, leftOut, warnings };
}

/**
 * All tiers or none. The study tier of a study that was here before holds only what its base does not; one that is whole
 * can be a base itself.
 */
async function sealTiers(job: SealOrder, study: PseudonymisedStudy): Promise<Pick<Sealed, 'archives' | 'base'>> {
  const { caseId, target: folder, recipients } = job;
  const siteKey = createSecretKey(job.siteKey);
  await checkpoint();
  const { buildArchives } = await import('../../archive/index.ts');
  const files: FileDigests[] = [];
  const orders: ArchiveOrder[] = [];
  for (const { tier, archiveId } of job.archives) {
    const delta = tier === 'study' ? await deltaOf(job, study) : undefined;
    const isBase = tier === 'study' && !delta;
    const onFile = isBase ? (file: NamedContent) => void files.push(keyedFile(file, siteKey)) : undefined;
    orders.push({ tier, archiveId, delta, onFile });
  }
  const hire = (packs: CopyJob) => second.hire(packs);
  const onFlushing = (wait: typeof flushed) => {
    flushed = wait;
  };
  const hooks = { onStep: noteStep, onFlushing };
  const archives = await buildArchives({
    study,
    caseId,
    archives: orders,
    folder,
    recipients,
    checkpoint,
    hooks,
    hire,
  });
  const base = orders.find(({ onFile }) => onFile !== undefined);
  return base ? { archives, base: { archiveId: base.archiveId, files } } : { archives };
}

async function deltaOf({ base, siteKey }: SealOrder, study: PseudonymisedStudy): Promise<DeltaPlan | undefined> {
  const { planDelta } = await import('../../archive/index.ts');
  return base && planDelta(study, 'study', keyedBase(base, createSecretKey(siteKey)), checkpoint);
}
