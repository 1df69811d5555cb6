import { parentPort, workerData } from 'node:worker_threads';
import { ArchiveError } from './archive-error.ts';
import { prove } from './proof.ts';
import type { ProofAnswer, ProofTask } from './prove-archive.ts';

/** Entry of the worker thread that `proveArchive` starts: one task in, one answer out. Other failures end the thread. */
async function answer({ path, order }: ProofTask): Promise<ProofAnswer> {
  try {
    return { kind: 'proved', proof: await prove(path, order) };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const { code, message, hint } = error;
    return { kind: 'refused', code, message, ...(hint === undefined ? {} : { hint }) };
  }
}

parentPort?.postMessage(await answer(workerData as ProofTask));
