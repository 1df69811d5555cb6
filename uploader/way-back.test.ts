import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { Cable } from '../test/harness/cable.ts';
import type { CourierDeps } from './courier.ts';
import { CourierWorld, until } from './testing/world.ts';

const archiveBytes = 2 * 1024 * 1024;

/** A courier behind a cable, with an upload of which some blocks are there. */
async function underWay(t: TestContext, settings: Partial<CourierDeps>) {
  const world = await CourierWorld.make(t, settings);
  const targetPort = Number(world.server.host.split(':')[1]);
  const cable = await new Cable({ listenPort: 0, targetPort, bytesPerSecond: 1024 * 1024 }).start();
  t.after(() => cable.stop());
  const request = world.link.requestUpload.bind(world.link);
  world.link.requestUpload = async (name) => ({ ...(await request(name)), hostName: `localhost:${cable.port}` });
  const { caseId, archives } = await world.seal({ study: archiveBytes });
  await world.start();
  await until('blocks are there', () => world.server.staged.length >= 2);
  const expectWhole = () => {
    const blob = world.ledger.read.archivesOf(caseId)[0]?.blob ?? '';
    assert.equal(world.server.digestOf(blob), archives[0]?.sha256);
  };
  return { world, cable, caseId, expectWhole };
}

/** Nothing but the way that is back lets it go on in time: patience and back-off are longer than `until` waits. */
const patient = { stallMs: 60_000, retryMs: 30_000, ceilingMs: 60_000 };

test('NET-03: without a link, an upload whose ticket is at hand goes on as soon as the way is back', async (t) => {
  const { world, cable, caseId, expectWhole } = await underWay(t, patient);
  world.link.state = 'offline';
  cable.pull();
  await after(700);
  // More urgent, and it needs the link: it stands in nobody's way.
  await world.ledger.enqueue({ kind: 'safety', body: '{}' });
  cable.plug();
  await until('it is uploaded', () => world.ledger.read.caseById(caseId)?.stage === 'uploaded');
  assert.equal(world.link.events.length, 0);
  expectWhole();
  world.link.state = 'online';
  await until('it is delivered', () => world.delivered.includes(caseId));
});

test('NET-03: a port that nobody listens on, and then somebody does', async (t) => {
  const { world, cable, caseId, expectWhole } = await underWay(t, patient);
  await cable.sink();
  await after(700);
  await cable.rise();
  await until('it is delivered', () => world.delivered.includes(caseId));
  expectWhole();
});

test('NET-03: a line that swallows bytes in the middle of a block is left for a new one once it works again', async (t) => {
  const { world, cable, caseId, expectWhole } = await underWay(t, patient);
  cable.swallow();
  // Longer than silence is taken for granted, and a look at the way for an answer.
  await after(6_000);
  cable.plug();
  await until('it is delivered', () => world.delivered.includes(caseId));
  expectWhole();
  const again = world.server.staged.reduce((sum, { bytes }) => sum + bytes, 0) - archiveBytes;
  // Usually none: the block that was cut had not arrived whole. A word that it had may be lost with the line.
  assert.ok(again === 0 || again === 256 * 1024, `${again} bytes again`);
});

test('an endpoint that thinks for long is looked at, and not cut', async (t) => {
  const { world, cable, caseId } = await underWay(t, patient);
  world.server.failNext('block', { lateMs: 3_500 });
  const taken = cable.taken;
  await until('it is delivered', () => world.delivered.includes(caseId));
  assert.equal(world.server.brokenRequests, 0);
  assert.ok(cable.taken <= taken + 2, `${cable.taken - taken} connections`);
});

test('while the gate is closed nobody looks for the way', async (t) => {
  const { world, cable, caseId } = await underWay(t, patient);
  cable.pull();
  await after(300);
  const before = cable.taken;
  assert.ok(before >= 2);
  world.gate.close();
  assert.deepEqual(await world.gate.quiet(100), []);
  const closed = cable.taken;
  await after(400);
  assert.equal(cable.taken, closed);
  cable.plug();
  await after(400);
  assert.equal(cable.taken, closed);
  world.gate.open();
  await until('it is delivered', () => world.delivered.includes(caseId));
});

test('stopping ends the looks', async (t) => {
  const { world, cable } = await underWay(t, patient);
  cable.pull();
  await after(300);
  await world.courier.stop();
  const taken = cable.taken;
  await after(300);
  assert.equal(cable.taken, taken);
  assert.deepEqual(world.gate.running, []);
});
