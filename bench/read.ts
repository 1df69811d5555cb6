import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulateStudy } from '../carto/index.ts';
import { catSeconds } from './cat.ts';
import { type Figure, figureOf } from './figure.ts';
import { neededBy } from './own-process.ts';

/** Points of the study: about 2 MB each, so 300 are more than 600 MB. */
const points = Number(process.env.VESTIBULE_BENCH_POINTS ?? 300);

interface Reading {
  readonly mbPerSecond: number;
  readonly mbPerCpuSecond: number;
  readonly peakMiB: number;
}

/**
 * Reads a study of clinical size into a `Study`, all signals once, each time in a fresh process, beside processes that
 * read the same files and understand nothing: `cat`, a split at blanks, and a look at every byte.
 */
export async function read(repeats: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-read-'));
  try {
    const made = await simulateStudy({ folder, seed: 7, points });
    const readings: Record<'study' | 'split' | 'bytes', Reading[]> = { study: [], split: [], bytes: [] };
    const cats: number[] = [];
    await catSeconds(made.folder);
    for (let at = 0; at < repeats; at++) {
      readings.study.push(await readBy('study', made));
      cats.push(made.bytes / 1e6 / (await catSeconds(made.folder)));
      readings.split.push(await readBy('split', made));
      readings.bytes.push(await readBy('bytes', made));
    }
    return figures(readings, cats, made.bytes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function figures(
  { study, split, bytes }: Readonly<Record<'study' | 'split' | 'bytes', readonly Reading[]>>,
  cats: readonly number[],
  size: number,
): Figure[] {
  const notes = `${Math.round(size / 1e6)} MB, ${points} points; files in the page cache; each run a fresh process, timed from its first read`;
  const of = (runs: readonly Reading[], what: keyof Reading) => runs.map((one) => one[what]);
  const beside = (name: string, unit: string, what: keyof Reading, rival: string, runs: readonly Reading[]) =>
    figureOf(name, unit, of(study, what), { rival: { name: rival, runs: of(runs, what) }, notes });
  const [splitName, bytesName] = ['split(/\\s+/) in Node', 'a look at every byte in Node'];
  return [
    figureOf('read', 'MB/s', of(study, 'mbPerSecond'), { rival: { name: 'cat', runs: cats }, notes }),
    beside('read', 'MB/s', 'mbPerSecond', splitName, split),
    beside('read', 'MB/s', 'mbPerSecond', bytesName, bytes),
    beside('read per CPU second', 'MB/s', 'mbPerCpuSecond', splitName, split),
    beside('read peak RSS', 'MiB', 'peakMiB', splitName, split),
  ];
}

async function readBy(way: string, made: { readonly folder: string; readonly bytes: number }): Promise<Reading> {
  const { seconds, cpuSeconds, peakMiB } = await neededBy('read-process.ts', way, made.folder);
  const megabytes = made.bytes / 1e6;
  return { mbPerSecond: megabytes / seconds, mbPerCpuSecond: megabytes / cpuSeconds, peakMiB };
}
