import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulateStudy } from '../carto/index.ts';
import { type Figure, figureOf } from './figure.ts';

/** A study of clinical size, made from nothing, beside copying the files that came out. */
export async function simulate(repeats: number): Promise<Figure[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const seconds: number[] = [];
  const cpu: number[] = [];
  let megabytes = 0;
  for (let at = 0; at < repeats; at++) {
    const home = mkdtempSync(join(tmpdir(), 'bench-simulate-'));
    try {
      const before = process.cpuUsage();
      const start = performance.now();
      const made = await simulateStudy({ folder: join(home, 'made'), seed: 1, size: 'clinical', catheter: 'pentaray' });
      seconds.push((performance.now() - start) / 1000);
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1e6);
      megabytes = made.bytes / 1e6;
      ours.push(megabytes / seconds.at(-1)!);
      const copying = performance.now();
      execFileSync('cp', ['-r', made.folder, join(home, 'copied')]);
      theirs.push(megabytes / ((performance.now() - copying) / 1000));
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }
  const notes = `1,000 points, ${Math.round(megabytes)} MB, one thread`;
  return [
    figureOf('simulate', 'MB/s', ours, { rival: { name: 'cp -r of the same files', runs: theirs }, notes }),
    figureOf('simulate wall', 's', seconds, { notes }),
    figureOf('simulate cpu', 's', cpu, { notes }),
  ];
}
