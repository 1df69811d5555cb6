import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulateStudy } from '../carto/index.ts';
import { asPackaged } from './as-packaged.ts';
import { type Figure, figureOf } from './figure.ts';
import { benchFolder, type SealNeeded } from './seal-bench.ts';
import { timed } from './timed.ts';

/** Points of studies of some 400 MB and 4 GB. `VESTIBULE_BENCH_POINTS` takes another number for the large one. */
const smallPoints = 480;
const largePoints = Number(process.env.VESTIBULE_BENCH_POINTS ?? 4900);

/** Peak memory of a process that seals a study of 4 GB, beside one that seals a tenth of it. */
export async function sealMemory(): Promise<Figure[]> {
  const [small, large] = [await peakOf(smallPoints), await peakOf(largePoints)];
  const notes = `${large.megabytes} MB and ${small.megabytes} MB; a fresh process each, main thread and seal threads together; compiled as packaged`;
  const rival = { name: 'a tenth of it', runs: [small.peakMiB] };
  return [figureOf('seal, peak RSS', 'MiB', [large.peakMiB], { rival, notes })];
}

async function peakOf(points: number): Promise<{ readonly peakMiB: number; readonly megabytes: number }> {
  const folder = mkdtempSync(join(benchFolder() ?? tmpdir(), 'vestibule-bench-seal-memory-'));
  try {
    const made = await simulateStudy({ folder, seed: 3, size: 'clinical', points });
    const program = asPackaged('seal-process');
    const { stdout } = await timed('"$@"', process.execPath, program, made.folder, '1', folder);
    const { peakMiB } = JSON.parse(stdout) as { readonly needed: readonly SealNeeded[]; readonly peakMiB: number };
    return { peakMiB, megabytes: Math.round(made.bytes / 1e6) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
