import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulateStudy } from '../carto/index.ts';
import { catSeconds } from './cat.ts';
import { type Figure, figureOf } from './figure.ts';
import { type Needed, neededBy } from './own-process.ts';

/** About 2 MB each: together more than 600 MB, as a clinical study has. */
const points = 310;

/**
 * A clinical-size simulated study, pseudonymised whole in a process of its own; beside it the same files only read, and
 * `cat` of them. MB (10^6 bytes) of source per second; per second of processor too, since the machine may be busy.
 */
export async function pseudonymiseBench(repeats: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-bench-pseudonymise-'));
  try {
    const { folder: study, bytes, files } = await simulateStudy({ folder, seed: 3, points });
    const [ours, reading, cat]: [Needed[], Needed[], number[]] = [[], [], []];
    for (let at = 0; at < repeats; at++) {
      cat.push(bytes / (await catSeconds(study)) / 1e6);
      reading.push(await neededBy('pseudonymise-once.ts', study, 'read'));
      ours.push(await neededBy('pseudonymise-once.ts', study, 'pseudonymise'));
    }
    const rate = (runs: readonly Needed[]) => runs.map((one) => one.amount / one.seconds / 1e6);
    const cpuRate = (runs: readonly Needed[]) => runs.map((one) => one.amount / one.cpuSeconds / 1e6);
    const notes = `${files} files, ${Math.round(bytes / 1e6)} MB, page cache warm; survey and every file, scan included; without the start of Node`;
    return [
      figureOf('pseudonymise', 'MB/s', rate(ours), {
        rival: { name: 'reading the files only', runs: rate(reading) },
        notes,
      }),
      figureOf('pseudonymise beside cat', 'MB/s', rate(ours), { rival: { name: 'cat', runs: cat } }),
      figureOf('pseudonymise, one core', 'MB per CPU s', cpuRate(ours), {
        rival: { name: 'reading the files only', runs: cpuRate(reading) },
      }),
      figureOf(
        'pseudonymise peak rss',
        'MiB',
        ours.map((one) => one.peakMiB),
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
