import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { simulateStudy } from '../carto/index.ts';
import { type Figure, figureOf } from './figure.ts';

const run = promisify(execFile);

/** About 2 MB each: together more than 600 MB, as a clinical study has. */
const points = 310;

/** What one process of `pseudonymise-once.ts` or `cat` needed. */
interface Once {
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

/**
 * A clinical-size simulated study, pseudonymised whole in a process of its own; beside it the same files only read, and
 * `cat` of them. MB (10^6 bytes) of source per second; per second of processor too, since the machine may be busy.
 */
export async function pseudonymiseBench(repeats: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-bench-pseudonymise-'));
  try {
    const { folder: study, bytes, files } = await simulateStudy({ folder, seed: 3, points });
    const [ours, reading, cat]: [Once[], Once[], Once[]] = [[], [], []];
    for (let at = 0; at < repeats; at++) {
      cat.push(await catOf(study, bytes));
      reading.push(await once(study, 'read'));
      ours.push(await once(study, 'pseudonymise'));
    }
    const rate = (runs: readonly Once[]) => runs.map((one) => one.bytes / one.seconds / 1e6);
    const cpuRate = (runs: readonly Once[]) => runs.map((one) => one.bytes / one.cpuSeconds / 1e6);
    const notes = `${files} files, ${Math.round(bytes / 1e6)} MB, page cache warm; survey and every file, scan included; without the start of Node`;
    return [
      figureOf('pseudonymise', 'MB/s', rate(ours), {
        rival: { name: 'reading the files only', runs: rate(reading) },
        notes,
      }),
      figureOf('pseudonymise beside cat', 'MB/s', rate(ours), { rival: { name: 'cat', runs: rate(cat) } }),
      figureOf('pseudonymise, one core', 'MB per CPU s', cpuRate(ours), {
        rival: { name: 'reading the files only', runs: cpuRate(reading) },
      }),
      figureOf(
        'pseudonymise peak rss',
        'MiB',
        ours.map((one) => one.peakRssBytes / 2 ** 20),
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function once(study: string, what: 'read' | 'pseudonymise'): Promise<Once> {
  const script = new URL('./pseudonymise-once.ts', import.meta.url).pathname;
  const { stdout } = await run(process.execPath, [script, study, what]);
  return JSON.parse(stdout) as Once;
}

async function catOf(study: string, bytes: number): Promise<Once> {
  const names = readdirSync(study, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const startedMs = performance.now();
  const running = run('bash', ['-c', 'xargs -0 cat >/dev/null']);
  running.child.stdin?.end(names.join('\0'));
  await running;
  const seconds = (performance.now() - startedMs) / 1000;
  return { bytes, seconds, cpuSeconds: seconds, peakRssBytes: 0 };
}
