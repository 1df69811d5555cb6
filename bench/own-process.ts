import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a process needed for one measured piece of work, without the start of Node. */
export interface Needed {
  /** What the work resolved to: how much it got through. */
  readonly amount: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** In a process of its own, so that memory and processor time are the work's: does it, and prints what it needed. */
export async function measure(work: () => Promise<number>): Promise<void> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const amount = await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ amount, seconds, cpuSeconds: (user + system) / 1e6, peakMiB } satisfies Needed));
}

/** Runs a program of this folder that calls `measure`. */
export async function neededBy(program: string, ...args: readonly string[]): Promise<Needed> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, program), ...args]);
  return JSON.parse(stdout) as Needed;
}
