import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figure, figureOf } from './figure.ts';
import { storedLedger } from './stored.ts';
import { timed } from './timed.ts';

const opener = new URL('./start-up-process.ts', import.meta.url).pathname;

/** From nothing to a ledger that has answered everything a starting daemon asks of it, as a process of its own. */
export async function startUp(repeats: number): Promise<Figure[]> {
  const cases = Number(process.env.VESTIBULE_BENCH_CASES ?? 100_000);
  const items = cases * 10;
  const [full, empty] = [
    await mkdtemp(join(tmpdir(), 'vestibule-bench-')),
    await mkdtemp(join(tmpdir(), 'vestibule-bench-')),
  ];
  try {
    const paths = [await storedLedger(full, { cases, items }), await storedLedger(empty, {})];
    const runs: number[][] = [[], []];
    for (let n = 0; n < repeats + 1; n++) {
      for (const [at, path] of paths.entries()) {
        const { seconds } = await timed('"$1" "$2" "$3"', process.execPath, opener, path);
        if (n > 0) runs[at]?.push(seconds * 1000);
      }
    }
    const rival = { name: 'an empty ledger', runs: runs[1] ?? [] };
    return [figureOf('start-up', 'ms', runs[0] ?? [], { rival, notes: `${cases} cases, ${items} items` })];
  } finally {
    for (const folder of [full, empty]) rmSync(folder, { recursive: true, force: true });
  }
}
