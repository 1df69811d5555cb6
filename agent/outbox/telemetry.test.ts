import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Gate } from '../../core/gate.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { Drift } from '../../protocol/drift.ts';
import { telemetrySchema } from '../../protocol/telemetry.ts';
import { Ledger } from '../../uploader/index.ts';
import { counted } from '../analysis/drift.ts';
import { FakeClock } from '../testing/clock.ts';
import { until } from '../testing/until.ts';
import { TelemetryProducer } from './index.ts';

const everyMs = 900_000;

async function sceneOf(t: TestContext, counters: Drift[] = []) {
  const ledger = await Ledger.open({ path: join(temporaryFolder(t), 'ledger.db'), log: silentLog });
  const [gate, clock] = [new Gate(), new FakeClock()];
  gate.open();
  const disk = async () => ({ freeBytes: 5, totalBytes: 10 });
  const producer = new TelemetryProducer({
    ...{ ledger, gate, clock, log: silentLog, version: '1.2.3', everyMs, disk },
    drift: () => counters.shift(),
  });
  await producer.start(new AbortController().signal);
  t.after(async () => {
    await producer.stop();
    await ledger.close();
  });
  const samples = () => {
    const queued = ledger.read.outbox.queuedItems('log', 100);
    return queued.map((place) =>
      telemetrySchema.parse(JSON.parse(Buffer.from(ledger.read.outbox.bodyAt(place) ?? '').toString())),
    );
  };
  return { ledger, gate, clock, samples };
}

test('a sample says how the appliance is: counts, states, a version, and nothing else', async (t) => {
  const { clock, samples } = await sceneOf(t);
  await clock.advance(everyMs);
  await until(() => samples().length === 1, 'a sample');
  const [sample] = samples();
  assert.deepEqual(sample?.gate, { openSeconds: 900, closedSeconds: 0, closings: 0 });
  assert.deepEqual([sample?.version, sample?.spanSeconds, sample?.disk.freeBytes], ['1.2.3', 900, 5]);
});

test('a closed gate has no sample taken; the first one after it opens says how long it was closed', async (t) => {
  const { clock, gate, ledger, samples } = await sceneOf(t);
  await clock.advance(60_000);
  gate.close();
  await clock.advance(10 * everyMs);
  assert.deepEqual([samples().length, ledger.commits, gate.running.length], [0, 0, 0]);
  gate.open();
  await until(() => samples().length === 1, 'a sample');
  const [sample] = samples();
  assert.deepEqual(sample?.gate, { openSeconds: 60, closedSeconds: (10 * everyMs) / 1000, closings: 1 });
});

test('counters of the analysis go with a sample when they are to be sent, and with no other', async (t) => {
  const model = { id: 'la-regions', version: '1.0.0' };
  const counters = counted([], { models: { regions: model }, seconds: 1 }, '2026-11-01');
  const { clock, samples } = await sceneOf(t, [counters]);
  await clock.advance(everyMs);
  await until(() => samples().length === 1, 'a sample');
  await clock.advance(everyMs);
  await until(() => samples().length === 2, 'another');
  assert.deepEqual(
    samples().map(({ analysis }) => analysis),
    [counters, undefined],
  );
});
