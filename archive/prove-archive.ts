import { Worker } from 'node:worker_threads';
import { codeOf } from '../core/errors.ts';
import { withDeadline } from '../core/retry.ts';
import { ArchiveError, type ArchiveErrorCode } from './archive-error.ts';
import { type ArchiveProof, defaultProofLimits, type LimitedOrder, type ProofOrder } from './proof.ts';

export interface ProofTask {
  readonly path: string;
  readonly order: LimitedOrder;
}

export type ProofAnswer =
  | { readonly kind: 'proved'; readonly proof: ArchiveProof }
  | { readonly kind: 'refused'; readonly code: ArchiveErrorCode; readonly message: string; readonly hint?: string };

const resourceLimits = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 8, stackSizeMb: 4 };

/**
 * Proves a received archive, treating it as hostile: length and SHA-256 first, then, still in a
 * worker thread with a bounded heap and a deadline, everything that SQLite can tell (format, version, tables to the
 * letter, chunk numbers and sizes, `quick_check`). A delta is opened with its base where `standsOn` says how. The
 * caller's event loop stays free.
 *
 * Rejects with an ArchiveError that says what is wrong; `LIMIT_EXCEEDED` also when proving takes too long or too much.
 */
export async function proveArchive(path: string, order: ProofOrder): Promise<ArchiveProof> {
  const limits = order.limits ?? defaultProofLimits;
  const worker = startWorker({ path, order: { ...order, limits } });
  try {
    const answer = await withDeadline(answerOf(worker), limits.deadlineMs, 'the proof of an archive');
    if (answer.kind === 'proved') return answer.proof;
    throw new ArchiveError(answer.code, answer.message, answer.hint === undefined ? {} : { hint: answer.hint });
  } catch (error) {
    throw asLimit(error);
  } finally {
    // Not awaited: a thread inside SQLite ends only when SQLite returns, and the caller has a deadline.
    void worker.terminate();
  }
}

function startWorker(workerData: ProofTask): Worker {
  const here = import.meta.url;
  const entry = new URL(`./proof-worker${here.slice(here.lastIndexOf('.'))}`, here);
  return new Worker(entry, { workerData, resourceLimits, name: 'archive-proof' });
}

function answerOf(worker: Worker): Promise<ProofAnswer> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the proof's thread ended without an answer (${code})`)));
  });
}

function asLimit(error: unknown): unknown {
  const late = error instanceof Error && error.name === 'TimeoutError';
  if (!late && codeOf(error) !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new ArchiveError('LIMIT_EXCEEDED', late ? 'proving it took too long' : 'proving it took too much memory', {
    cause: error,
  });
}
