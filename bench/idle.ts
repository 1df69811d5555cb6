import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Counters, countersOf } from '../test/harness/counters.ts';
import { makeCredentials } from '../test/harness/credentials.ts';
import { Site } from '../test/harness/site.ts';
import { type Figure, figureOf } from './figure.ts';

const windowMs = 60_000;
/** Time for start-up work to settle before the first window. */
const settleMs = 30_000;

/** The enrolled, connected, idle appliance (gate open, empty inbox) beside a bare connected SDK client, in the same minutes. */
export async function idle(repeats: number): Promise<Figure[]> {
  const site = await (await Site.create({ analysis: true, quietSeconds: 60, coolDownSeconds: 0.2 })).start();
  const bare = await startBareClient(site);
  try {
    await sleep(settleMs);
    const ours: Window[] = [];
    const theirs: Window[] = [];
    for (let at = 0; at < repeats; at++) {
      const before = [countersOf(site.appliance.pid), countersOf(bare.pid)] as const;
      await sleep(windowMs);
      ours.push(windowOf(before[0], countersOf(site.appliance.pid)));
      theirs.push(windowOf(before[1], countersOf(bare.pid)));
    }
    const figure = (name: keyof Window, unit: string) =>
      figureOf(
        `idle ${name}`,
        unit,
        ours.map((one) => one[name]),
        {
          rival: { name: 'azure-iot-device alone', runs: theirs.map((one) => one[name]) },
        },
      );
    return [figure('rss', 'MiB'), figure('cpu', 'ms per 60 s'), figure('written', 'bytes per 60 s')];
  } finally {
    bare.kill();
    await site.close();
  }
}

interface Window {
  readonly rss: number;
  readonly cpu: number;
  readonly written: number;
}

function windowOf(before: Counters, now: Counters): Window {
  return {
    rss: now.rssBytes / 2 ** 20,
    cpu: (now.ticks - before.ticks) * 10,
    written: now.writeBytes - before.writeBytes,
  };
}

async function startBareClient(site: Site): Promise<{ pid: number; kill: () => void }> {
  const settings = await makeCredentials(site, 'bare-1');
  const child = spawn(process.execPath, [fileURLToPath(new URL('./bare-client.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(settings));
  await new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  return { pid: child.pid!, kill: () => child.kill('SIGKILL') };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
