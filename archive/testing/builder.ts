/**
 * A process that seals one archive, for tests that kill it or measure it. One argument: a JSON object with `folder`,
 * `caseId`, `bytes` of generated input, and `killAt`: the step (and its how-manieth time) at which it kills itself.
 * Prints one JSON line with what the build cost.
 */
import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildArchive } from '../build.ts';
import { orderOf, table } from './studies.ts';

interface Task {
  readonly folder: string;
  readonly caseId: string;
  readonly bytes: number;
  readonly killAt?: { readonly step: string; readonly time: number };
}

const task = JSON.parse(process.argv[2] ?? '{}') as Task;
/** In turn bytes that never compress and lines that do; nothing is kept. */
function* generated(): Generator<Uint8Array> {
  const random = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  const [zeros, lines] = [Buffer.alloc(128 << 10), table(2600)];
  for (let bytes = 0, n = 0; bytes < task.bytes; n++) {
    const piece = n % 2 === 0 ? random.update(zeros) : lines;
    bytes += piece.length;
    yield piece;
  }
}

function counters(): Record<string, number> {
  const text = readFileSync('/proc/self/io', 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^(\w+): (\d+)$/gm)].map(([, name, value]) => [name ?? '', Number(value)]),
  );
}

let times = 0;
const onStep = (step: string) => {
  if (step !== task.killAt?.step) return;
  times += 1;
  if (times === task.killAt.time) process.kill(process.pid, 'SIGKILL');
};

const before = { io: counters(), rssBytes: process.memoryUsage().rss };
const startedAt = performance.now();
const archive = await buildArchive(
  orderOf(task.folder, [{ name: 'generated.bin', pieces: { [Symbol.iterator]: generated } }], {
    caseId: task.caseId,
    hooks: { onStep },
  }),
);
const after = counters();
console.log(
  JSON.stringify({
    archiveBytes: archive.bytes,
    seconds: (performance.now() - startedAt) / 1000,
    rssGrowthBytes: process.resourceUsage().maxRSS * 1024 - before.rssBytes,
    handedOverBytes: (after.wchar ?? 0) - (before.io.wchar ?? 0),
    writtenBytes: (after.write_bytes ?? 0) - (before.io.write_bytes ?? 0),
  }),
);
