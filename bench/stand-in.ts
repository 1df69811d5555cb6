import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/**
 * A stand-in for what a clinical program does on the same machine, in a process of its own: a recorder that appends 4 KiB
 * and waits for the disk, again and again, and, in a second thread, something that wants to run every millisecond.
 * Arguments: a folder on the disk in question, and for how many milliseconds. Prints a `Felt`.
 */
export interface Felt {
  /** How long each append took until it was on the disk, in microseconds. */
  readonly fsyncUs: readonly number[];
  /** How late each wake-up came, in microseconds. */
  readonly lateUs: readonly number[];
}

const everyMs = 1;
/** From the end of one append to the next. */
const restMs = 4;
const block = Buffer.alloc(4096, 7);

/** Runs `once` until the time is over; samples go into memory that is there before the first. */
function sampled(forMs: number, once: () => number): Float64Array {
  const samples = new Float64Array(Math.ceil(forMs / everyMs));
  let count = 0;
  for (const endMs = performance.now() + forMs; performance.now() < endMs && count < samples.length; count++) {
    samples[count] = once();
  }
  return samples.slice(0, count);
}

const never = new Int32Array(new SharedArrayBuffer(4));
const doze = (ms: number) => void Atomics.wait(never, 0, 0, ms);

function lateMs(): number {
  const dueMs = performance.now() + everyMs;
  doze(everyMs);
  return performance.now() - dueMs;
}

async function feel(folder: string, forMs: number): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { forMs } });
  const late = new Promise<Float64Array>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  // Both begin together.
  await new Promise((resolve) => worker.once('online', resolve));
  const handle = openSync(join(folder, 'recording'), 'a');
  const fsync = sampled(forMs, () => {
    doze(restMs);
    const fromMs = performance.now();
    writeSync(handle, block);
    fsyncSync(handle);
    return performance.now() - fromMs;
  });
  closeSync(handle);
  const us = (samples: Float64Array) => [...samples].map((ms) => Math.round(ms * 1000));
  console.log(JSON.stringify({ fsyncUs: us(fsync), lateUs: us(await late) } satisfies Felt));
}

if (isMainThread) await feel(process.argv[2] ?? '.', Number(process.argv[3]));
else {
  const { parentPort } = await import('node:worker_threads');
  parentPort?.postMessage(sampled((workerData as { readonly forMs: number }).forMs, lateMs));
}
