import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { simulateStudy } from '../carto/index.ts';
import { type Figure, figureOf } from './figure.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('./read-process.ts', import.meta.url));

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
    await cat(made.folder);
    for (let at = 0; at < repeats; at++) {
      readings.study.push(await readBy('study', made));
      cats.push(made.bytes / 1e6 / (await cat(made.folder)));
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
  const { stdout } = await run(process.execPath, [program, way, made.folder]);
  const { seconds, cpuSeconds, peakMiB } = JSON.parse(stdout) as Record<'seconds' | 'cpuSeconds' | 'peakMiB', number>;
  const megabytes = made.bytes / 1e6;
  return { mbPerSecond: megabytes / seconds, mbPerCpuSecond: megabytes / cpuSeconds, peakMiB };
}

/** Seconds of `cat` over all files. */
async function cat(folder: string): Promise<number> {
  const started = performance.now();
  await run('sh', ['-c', 'find "$1" -type f -print0 | xargs -0 cat > /dev/null', 'sh', folder]);
  return (performance.now() - started) / 1000;
}
