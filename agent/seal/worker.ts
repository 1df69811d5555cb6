import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { buildArchive, eraseArchive, type SealedArchive } from '../../archive/index.ts';
import { identify, openFolder, type PseudonymisedStudy, pseudonymise } from '../../carto/index.ts';
import { asError } from '../../core/errors.ts';
import { attachGate, type Checkpoint } from '../../core/gate-flag.ts';
import { describe } from '../../core/log.ts';
import type { Identified, JobError, Sealed, SealJob, WorkerMessage } from './jobs.ts';

/**
 * The compute thread: reads an export, pseudonymises it and seals its archives in one pass. Every piece of work passes
 * the gate; while it waits there the thread sleeps and says so, which is how the daemon knows that it is quiet.
 */
const port = parentPort;
if (!port) throw new Error('the seal worker runs as a thread of the daemon only');

const gate = attachGate((workerData as { readonly gate: SharedArrayBuffer }).gate, () => say({ kind: 'parked' }));
const checkpoint: Checkpoint = () => gate.pass();

lowerOwnPriority();
port.on('message', (job: SealJob) => {
  run(job).then(
    (result) => say({ kind: 'done', result }),
    (error: unknown) => say({ kind: 'failed', error: carry(error) }),
  );
});

function say(message: WorkerMessage): void {
  port?.postMessage(message);
}

async function run(job: SealJob): Promise<Identified | Sealed> {
  const source = await openFolder(job.source, checkpoint);
  if (job.kind === 'identify') return identify(source, checkpoint);
  const study = await pseudonymise(source, checkpoint);
  const archives = await sealTiers(job, study);
  const { counts, sourceFiles, sourceBytes, leftOut, warnings } = study;
  return { counts, archives, sourceFiles, sourceBytes, leftOut, warnings };
}

/** All tiers or none: when one fails, those that were built are erased. */
async function sealTiers(job: Extract<SealJob, { kind: 'seal' }>, study: PseudonymisedStudy): Promise<SealedArchive[]> {
  const { caseId, target: folder, recipients } = job;
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
function carry(thrown: unknown): JobError {
  const error = asError(thrown);
  const { name, code, message, hint } = describe(error);
  return { name, code: code ?? 'UNEXPECTED', message: message ?? 'the job failed', ...(hint ? { hint } : {}) };
}

/** Five steps nicer than the main thread, which has to answer `procedure start` at once. */
function lowerOwnPriority(): void {
  const thread = Number(readlinkSync('/proc/thread-self').split('/').pop());
  setPriority(thread, 5);
}
