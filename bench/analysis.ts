import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { simulateStudy } from '../carto/index.ts';
import { accuracy } from './analysis-accuracy.ts';
import { type Figure, figureOf } from './figure.ts';
import { refineExport } from './refined-export.ts';

const run = promisify(execFile);

interface Runs {
  readonly seconds: readonly number[];
  readonly cpuSeconds: readonly number[];
  readonly ownMiB: number;
  readonly childMiB: number;
  readonly vertices: number;
  readonly abstentions: string;
}

/** Shells with truth for accuracy: made by `local-ml/training/make-tests`, on seeds that training never drew. */
const shells = process.env.VESTIBULE_BENCH_SHELLS;

/**
 * How long the analysis of an export takes and what memory it needs, from its files to findings; and, where
 * VESTIBULE_BENCH_SHELLS names a folder of shells with truth, how right it is. What takes part, takes part: reading, thread,
 * inference process, models. The first run begins them; the others find them there.
 */
export async function analysis(repeats: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [vertices, runs] of [
    [20_000, 4 * repeats],
    [200_000, Math.max(3, repeats)],
  ] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'vestibule-analysis-'));
    try {
      const made = await simulateStudy({ folder, seed: 7, points: 12 });
      refineExport(made.folder, { vertices, lesions: 300 });
      const program = join(import.meta.dirname, 'analysis-process.ts');
      const { stdout } = await run(process.execPath, [program, made.folder, String(runs + 1)], { maxBuffer: 1 << 24 });
      figures.push(...figuresOf(JSON.parse(stdout) as Runs));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  if (shells !== undefined && existsSync(shells)) figures.push(...(await accuracy(shells)));
  return figures;
}

function figuresOf({ seconds, cpuSeconds, ownMiB, childMiB, vertices, abstentions }: Runs): Figure[] {
  const notes = `${vertices} vertices, 300 lesions; export in the page cache; abstentions: ${abstentions || 'none'}`;
  const warm = seconds.slice(1);
  const p95 = [...warm].sort((a, b) => a - b)[Math.ceil(0.95 * warm.length) - 1]!;
  return [
    figureOf('analysis, first case of a process', 's', [seconds[0]!], { notes }),
    figureOf('analysis, export to findings', 's', warm, { notes: `${notes}; p95 ${p95.toFixed(2)} s` }),
    figureOf('analysis, processor of the daemon', 's', cpuSeconds.slice(1), { notes }),
    figureOf('analysis, peak RSS of daemon and inference process', 'MiB', [ownMiB + childMiB], {
      notes: `${notes}; ${ownMiB.toFixed(0)} and ${childMiB.toFixed(0)} after ${seconds.length} cases`,
    }),
  ];
}
