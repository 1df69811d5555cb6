import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SealBench } from './seal-bench.ts';

/**
 * One run of the benches `seal` and `seal-memory`: seals an export as the daemon does, so often in one process; prints
 * what each time needed, as one line of JSON.
 */
const [source = '', times = '1', parent = ''] = process.argv.slice(2);
const folder = await mkdtemp(join(parent, 'sealed-'));
const bench = new SealBench(folder);
try {
  const needed = [];
  for (let time = 0; time < Number(times); time++) needed.push(await bench.seal(source));
  console.log(JSON.stringify({ needed, peakMiB: process.resourceUsage().maxRSS / 1024 }));
} finally {
  await bench.stop();
  await rm(folder, { recursive: true, force: true });
}
