import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { CopyJob, CopyResult } from '../../archive/index.ts';
import { attachGate } from '../../core/gate-flag.ts';
import { loadBehindGate } from '../../core/gated-loading.ts';
import { lowerOwnPriority } from '../../core/priority.ts';
import { withinShare } from '../../core/work-share.ts';
import { carry } from './job-error.ts';
import type { JobError, SealThreadData } from './jobs.ts';
import { words } from './second-words.ts';

/** One job: packs, and where those go that are made. */
export interface SecondJob {
  readonly job: CopyJob;
  readonly port: MessagePort;
}

export interface SecondThreadData extends Omit<SealThreadData, 'syncing'> {
  readonly shared: Int32Array<SharedArrayBuffer>;
}

export type SecondMessage = CopyResult | { readonly failed: JobError };

/** So much may be made before it is wanted. */
const maxHeldBytes = 16 << 20;

/**
 * The second compute thread: writes packs of files from a copy of the study, beside the seal worker, which owns archives
 * and ledgers of what was learned. It says in the shared numbers whether it stands still, since the seal worker answers
 * for both at the gate.
 */
const port = parentPort;
if (!port) throw new Error('the second worker runs as a thread of the seal worker only');

const { gate: flag, cpuPercent, shared } = workerData as SecondThreadData;
const gate = attachGate(flag, () => rest());
const checkpoint = withinShare(pass, gate, { percent: cpuPercent });

lowerOwnPriority();
loadBehindGate(standStill);
rest();
port.on('message', ({ job, port: answers }: SecondJob) => {
  Atomics.store(shared, words.busy, 1);
  run(job, answers)
    .catch(async (error: unknown) => answers.postMessage({ failed: await carry(error) } satisfies SecondMessage))
    .finally(rest);
});

async function run({ desk, packs }: CopyJob, answers: MessagePort): Promise<void> {
  await pass();
  const { Copyist } = await import('../../carto/index.ts');
  await pass();
  const { bytesOf, copyPack } = await import('../../archive/index.ts');
  const copyist = new Copyist(desk, checkpoint);
  for (;;) {
    await room();
    const at = Atomics.add(shared, words.next, 1);
    const orders = packs[at];
    if (!orders) return;
    const copied = await copyPack(copyist, orders, () => checkpoint());
    if (copied) Atomics.add(shared, words.held, bytesOf(copied));
    // Compressed chunks have memory of their own, which moves to the other thread.
    const moved = copied?.frames.map(({ buffer }) => buffer as ArrayBuffer) ?? [];
    answers.postMessage({ at, copied } satisfies SecondMessage, moved);
    tell();
  }
}

/** At the gate the thread says that it stands still; it says that it works before it looks whether it may. */
async function pass(): Promise<void> {
  if (gate.isOpen) return;
  for (;;) {
    await gate.pass();
    Atomics.store(shared, words.busy, 1);
    if (gate.isOpen) return;
  }
}

/** The same where it cannot await. */
function standStill(): void {
  while (!gate.isOpen) {
    gate.standStill();
    Atomics.store(shared, words.busy, 1);
  }
}

/** Waits until the archives have taken enough of what was made. */
async function room(): Promise<void> {
  for (let held = Atomics.load(shared, words.held); held > maxHeldBytes; held = Atomics.load(shared, words.held)) {
    rest();
    await Atomics.waitAsync(shared, words.held, held).value;
    Atomics.store(shared, words.busy, 1);
  }
  await pass();
}

function rest(): void {
  Atomics.store(shared, words.busy, 0);
  Atomics.notify(shared, words.busy);
  tell();
}

function tell(): void {
  Atomics.add(shared, words.changes, 1);
  Atomics.notify(shared, words.changes);
}
