import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { publicKeyOf, verifyObjects, verifyReceipt } from './index.ts';
import type { TestDevice } from './testing/device.ts';
import { until } from './testing/hub-world.ts';
import { type KillPoint, killPoints } from './testing/kill-points.ts';
import { ReceiverWorld } from './testing/receiver-world.ts';

let world: ReceiverWorld;
let device: TestDevice;

before(async () => {
  world = await ReceiverWorld.make();
  device = await world.device('dev-1');
});
after(async () => {
  await device.disconnect();
  await world.close();
});

interface Run {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<string | null>;
}

function run(killAt?: KillPoint): Run {
  const entry = fileURLToPath(new URL('testing/killed-receiver.ts', import.meta.url));
  const { folder, settings } = world;
  const task = JSON.stringify({ folder, settings, killAt });
  const child = spawn(process.execPath, [entry, task], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ready = new Promise<void>((resolve) => {
    child.stdout?.on('data', (text) => String(text).includes('ready\n') && resolve());
  });
  const ended = new Promise<string | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  return { child, ready, ended };
}

for (const point of killPoints) {
  test(`killed ${point}: one entry, one receipt, nothing lost, nothing left over`, async () => {
    const archive = await device.uploaded(await device.seal(world.settings.keys.transit, { bytes: 300_000 }));
    const manifest = device.manifest([archive]);
    const before = device.receipts.length;
    const first = run(point);
    await device.sendBatch(manifest);
    assert.equal(await first.ended, 'SIGKILL');

    const second = run();
    await until(() => device.receipts.length > before, 'the receipt', 90_000);
    await until(isToldAll, 'the end of the delivery');
    await second.ready;
    second.child.kill('SIGTERM');
    assert.equal(await second.ended, null, 'it stops by itself');

    const told = new Set(device.receipts.slice(before));
    assert.equal(told.size, 1, 'however often it was told: one receipt');
    const receipt = await verifyReceipt([...told][0] ?? '', [publicKeyOf(world.settings.keys.receipt)]);
    assert.equal(receipt?.batch, manifest.batch);
    const found = await world.read((reader) => reader.caseById(archive.caseId));
    assert.deepEqual(
      found?.archives.map(({ sha256 }) => sha256),
      [archive.sha256],
    );
    const { differences, archives, receipts } = await verifyObjects(world);
    assert.deepEqual(differences, []);
    assert.equal(archives, receipts);
    assert.deepEqual(await readdir(join(world.folder, 'objects', 'incoming')), []);
  });
}

/** True when no answer is left to be told: the receiver has marked what it told. */
async function isToldAll(): Promise<boolean> {
  return (await world.read((reader) => reader.undelivered())) === 0;
}
