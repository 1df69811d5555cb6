import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { SealedArchive } from '../../archive/index.ts';
import type { PseudonymisedStudy } from '../../carto/index.ts';
import { asError } from '../../core/errors.ts';
import { attachGate, type Checkpoint } from '../../core/gate-flag.ts';
import type { Identified, JobError, Sealed, SealJob, WorkerMessage } from './jobs.ts';

/**
 * The compute thread: reads an export, pseudonymises it and seals its archives in one pass. Every piece of work passes
 * the gate; while it waits there the thread sleeps and says so, which is how the daemon knows that it is quiet. Loading
 * the rooms is work too: each is loaded when it is first needed, behind the gate.
 */
const port = parentPort;
if (!port) throw new Error('the seal worker runs as a thread of the daemon only');

const { gate: flag } = workerData as { readonly gate: SharedArrayBuffer };
const gate = attachGate(flag, (changes) => say({ kind: 'parked', changes }));
const checkpoint: Checkpoint = () => gate.pass();

lowerOwnPriority();
port.on('message', (job: SealJob) => {
  run(job)
    .then((result): WorkerMessage => ({ kind: 'done', result }))
    .catch(async (error: unknown): Promise<WorkerMessage> => ({ kind: 'failed', error: await carry(error) }))
    .then(say);
});

function say(message: WorkerMessage): void {
  port?.postMessage(message);
}

async function run(job: SealJob): Promise<Identified | Sealed> {
  await gate.pass();
  const { identify, openFolder, pseudonymise } = await import('../../carto/index.ts');
  const source = await openFolder(job.source, checkpoint);
  if (job.kind === 'identify') return identify(source, checkpoint);
  const { privacy, linkage } = job;
  const study = await pseudonymise(source, checkpoint, { ...privacy, linkage });
  const archives = await sealTiers(job, study);
  const { counts, sourceFiles, sourceBytes, leftOut, warnings } = study;
  return { counts, archives, linkage: study.linkage(), sourceFiles, sourceBytes, leftOut, warnings };
}

/** All tiers or none: when one fails, those that were built are erased. */
async function sealTiers(job: Extract<SealJob, { kind: 'seal' }>, study: PseudonymisedStudy): Promise<SealedArchive[]> {
  const { caseId, target: folder, recipients } = job;
  await gate.pass();
  const { buildArchive, eraseArchive } = await import('../../archive/index.ts');
  const archives: SealedArchive[] = [];
  try {
    for (const { tier, archiveId } of job.archives) {
      archives.push(await buildArchive({ study, tier, caseId, archiveId, folder, recipients, checkpoint }));
    }
    return archives;
  } catch (error) {
    for (const { path } of archives) eraseArchive(path);
    throw error;
  }
}

/** Our own errors keep code, message and hint; anything else crosses as its code only, its text could quote a source. */
async function carry(thrown: unknown): Promise<JobError> {
  const { describe } = await import('../../core/log.ts');
  const error = asError(thrown);
  const { name, code, message, hint } = describe(error);
  return { name, code: code ?? 'UNEXPECTED', message: message ?? 'the job failed', ...(hint ? { hint } : {}) };
}

/** Five steps nicer than the main thread, which has to answer `procedure start` at once. */
function lowerOwnPriority(): void {
  const thread = Number(readlinkSync('/proc/thread-self').split('/').pop());
  setPriority(thread, 5);
}
