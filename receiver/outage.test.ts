import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestDevice } from './testing/device.ts';
import { until } from './testing/hub-world.ts';
import { ReceiverWorld } from './testing/receiver-world.ts';

let world: ReceiverWorld;
let device: TestDevice;

before(async () => {
  world = await (await ReceiverWorld.make()).start();
  device = await world.device('dev-1');
});
after(async () => {
  await device.disconnect();
  await world.close();
});

async function deliverOne(): Promise<void> {
  const archive = await device.uploaded(await device.seal(world.settings.keys.transit));
  const before = device.receipts.length;
  await device.sendBatch(device.manifest([archive]));
  await until(() => device.receipts.length > before, 'the receipt');
}

test('goes on by itself after the hub was away', async () => {
  await deliverOne();
  const { back } = await world.hub.away();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await back();
  await device.link.whenOnline(AbortSignal.timeout(60_000));
  await deliverOne();
});

test('begins at the beginning when the event log of the hub is another one', async () => {
  const { back } = await world.hub.away();
  await rm(join(world.hub.folder, 'hub'), { recursive: true });
  await back();
  await world.hub.register('dev-1');
  await device.link.whenOnline(AbortSignal.timeout(60_000));
  await deliverOne();
});

test('what came while the receiver was down is taken in when it is up', async () => {
  await world.stop();
  const archive = await device.uploaded(await device.seal(world.settings.keys.transit));
  const before = device.receipts.length;
  await device.sendBatch(device.manifest([archive]));
  await world.start();
  await until(() => device.receipts.length > before, 'the receipt');
  assert.equal(device.receipts.length, before + 1);
});
