import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { simulateStudy } from '../carto/index.ts';
import { runAppliance } from '../test/campaigns/crash/appliance.ts';
import { makeFixture } from '../test/campaigns/crash/record.ts';
import { SmallCloud } from '../test/campaigns/crash/small-cloud.ts';
import { until } from '../test/harness/until.ts';
import { defaultBatchPolicy } from '../uploader/index.ts';
import { defaultItemPolicy } from '../uploader/outbox/plan-items.ts';
import { CourierWorld } from '../uploader/testing/world.ts';
import { type Figure, figureOf } from './figure.ts';
import { bytesWritten, ownIo } from './own-io.ts';
import { benchFolder, SealBench } from './seal-bench.ts';

/** Points of the study: 200 are some 180 MB of source. */
const points = Number(process.env.VESTIBULE_BENCH_POINTS ?? 200);
const items = Number(process.env.VESTIBULE_BENCH_ITEMS ?? 40_960);
const itemBytes = 1024;
const inFlight = 512;
/** The last batch does not wait a minute for others. */
const soon = { ...defaultItemPolicy, maxAgeMs: 200 };

/**
 * Bytes written to the disk per byte that was to be kept, from `/proc/self/io`: an archive while it is sealed, and over
 * the whole life of its case; an item of the outbox over its whole life, alone and with others on their way.
 */
export async function writes(repeats: number): Promise<Figure[]> {
  const runs = { seal: [] as Written[], life: [] as number[], random: [] as number[], text: [] as number[] };
  const folder = mkdtempSync(join(benchFolder() ?? tmpdir(), 'vestibule-bench-writes-'));
  try {
    const made = await simulateStudy({ folder, seed: 3, size: 'clinical', points });
    for (let at = 0; at < repeats; at++) {
      runs.seal.push(await sealed(folder, made.folder));
      runs.life.push(await lifeOfCase(folder, at));
      runs.random.push(await lifeOfItems(() => randomBytes(itemBytes)));
      runs.text.push(await lifeOfItems((n) => telemetryLike(n)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const notes = `a study of ${points} points, both tiers; by bytes that write calls were given: ${
    figureOf(
      '',
      '',
      runs.seal.map(({ called }) => called),
    ).median
  }`;
  return [
    figureOf(
      'writes, per byte of an archive, seal and erasure',
      'ratio',
      runs.seal.map(({ stored }) => stored),
      { notes },
    ),
    figureOf('writes, per byte of an archive, whole life of its case', 'ratio', runs.life, {
      notes: 'ledger, journal, keys and audit log included, from the inbox to the release',
    }),
    figureOf('writes, per byte of an item, whole life', 'ratio', runs.random, {
      notes: `${items} items of ${itemBytes} random bytes, ${inFlight} in flight, until each has its receipt and the ledger is closed`,
    }),
    figureOf('writes, per byte of an item of telemetry, whole life', 'ratio', runs.text, {
      notes: 'the same with JSON',
    }),
  ];
}

interface Written {
  readonly stored: number;
  readonly called: number;
}

async function sealed(folder: string, study: string): Promise<Written> {
  const bench = new SealBench(folder);
  try {
    const before = ownIo();
    const { archiveBytes } = await bench.seal(study);
    const after = ownIo();
    return {
      stored: (after.storageBytes - before.storageBytes) / archiveBytes,
      called: (after.calledBytes - before.calledBytes) / archiveBytes,
    };
  } finally {
    await bench.stop();
  }
}

/** The parts of an appliance in this process, from recovery to an end in good order; blobs lie in memory. */
async function lifeOfCase(folder: string, at: number): Promise<number> {
  const data = join(folder, `life-${at}`);
  const cloud = await SmallCloud.start();
  try {
    await makeFixture(data);
    const aside = join(data, 'aside');
    const made = await simulateStudy({ folder: aside, seed: 10 + at, size: 'clinical', points });
    const before = bytesWritten();
    let archiveBytes = 0;
    await runAppliance({ data, cloud, onAcknowledged: () => {}, isPressed: true }, async (ledger) => {
      renameSync(made.folder, join(data, 'inbox', 'case'));
      await until(() => ledger.read.stageCounts().released === 1, 'the release', 600_000, 20);
      const archives = ledger.read.cases().flatMap((one) => one.archives);
      archiveBytes = archives.reduce((sum, { bytes }) => sum + bytes, 0);
    });
    return (bytesWritten() - before) / archiveBytes;
  } finally {
    await cloud.close();
    rmSync(data, { recursive: true, force: true });
  }
}

/** Enqueued while a courier delivers, until nothing is left; then the ledger is closed, which folds its log in. */
async function lifeOfItems(body: (n: number) => Buffer): Promise<number> {
  const cleanUps: (() => unknown)[] = [];
  const scope: Pick<TestContext, 'after'> = { after: (cleanUp) => void cleanUps.push(cleanUp as () => unknown) };
  try {
    const world = await CourierWorld.make(scope as TestContext, {
      batches: { archives: defaultBatchPolicy, items: soon },
    });
    const bodies = Array.from({ length: inFlight }, (_, n) => body(n));
    await world.start();
    const before = bytesWritten();
    let left = items;
    const lane = async (own: number) => {
      while (left-- > 0) await world.ledger.enqueue({ kind: 'telemetry', body: bodies[own] ?? '' });
    };
    await Promise.all(bodies.map((_, own) => lane(own)));
    const counts = () => world.ledger.read.outbox.counts()[0];
    await until(() => counts()?.delivered === items, 'every item', 600_000, 20);
    await world.courier.stop();
    await world.ledger.close();
    return (bytesWritten() - before) / (items * itemBytes);
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }
}

function telemetryLike(seed: number): Buffer {
  const samples = Array.from({ length: 12 }, (_, n) => ({
    ...{ at: new Date(1.8e12 + seed * 9e5 + n * 6e4).toISOString(), freeBytes: 4e11 + seed * 4096 * n, gate: 'open' },
  }));
  return Buffer.from(JSON.stringify(samples).slice(0, itemBytes).padEnd(itemBytes));
}
