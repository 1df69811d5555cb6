import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePortBase } from '../test/harness/ports.ts';
import { root } from '../test/harness/process.ts';
import { type Figure, figureOf } from './figure.ts';

const run = promisify(execFile);

/** Seconds from `scripts/start` in a clean clone of HEAD to the sample's `delivered`; the install is timed apart. */
export async function firstCase(repeats: number): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-first-case-'));
  try {
    const clone = join(folder, 'clone');
    await run('git', ['clone', '--quiet', root, clone]);
    const installStarted = performance.now();
    await run(join(clone, 'scripts/install'), [], { maxBuffer: 1 << 26 });
    const installSeconds = (performance.now() - installStarted) / 1000;
    const seconds: number[] = [];
    for (let at = 0; at < repeats; at++) seconds.push(await timeStart(clone, join(folder, `data-${at}`)));
    const notes =
      'the first run fills the compile cache; 2 s of quiet time and 1 s of cool-down are waits by configuration';
    return [
      figureOf('first-case', 's', seconds, { notes }),
      figureOf('first-case install (npm ci)', 's', [installSeconds]),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeStart(clone: string, data: string): Promise<number> {
  const base = String(await freePortBase());
  const startedMs = performance.now();
  const child = spawn(join(clone, 'scripts/start'), ['--data', data, '--port-base', base, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes('"case-delivered"')) resolve((performance.now() - startedMs) / 1000);
  });
  const ended = new Promise<never>((_, reject) => child.once('exit', () => reject(new Error('scripts/start ended'))));
  ended.catch(() => {});
  try {
    return await Promise.race([promise, ended]);
  } finally {
    child.kill('SIGINT');
    await ended.catch(() => {});
  }
}
