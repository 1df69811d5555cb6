import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('../testing/read-huge.ts', import.meta.url));

/** Characters of a cell: so narrow that the samples need almost as much memory as the text. */
const narrow = 6;
const bytesPerSample = 26 * 4;

interface Read {
  readonly bytes: number;
  readonly samples: number;
  readonly rows: number;
  readonly peakMiB: number;
}

/** Reads a made-up export in a process whose heap is small. */
async function readHuge(points: number, ecgBytes: number, tableBytes: number): Promise<Read> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=48',
    program,
    ...[points, ecgBytes, tableBytes, narrow].map(String),
  ]);
  return JSON.parse(stdout) as Read;
}

test('memory does not grow with the signals and tables that are read: four times as much, the same peak', async () => {
  const once = await readHuge(40, 1_000_000, 8_000_000);
  const more = await readHuge(160, 1_000_000, 24_000_000);
  const grownMiB = ((more.samples - once.samples) * bytesPerSample) / 2 ** 20;
  assert.ok(grownMiB > 70, `${grownMiB} MiB more of samples`);
  assert.ok(more.rows - once.rows > 300_000);
  assert.ok(more.peakMiB - once.peakMiB < 40, `${once.peakMiB} MiB, then ${more.peakMiB} MiB`);
  assert.ok(more.peakMiB < 300, `${more.peakMiB} MiB`);
});
