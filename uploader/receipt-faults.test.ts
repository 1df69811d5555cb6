import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import type { DeviceEvent } from '../protocol/link.ts';
import { CourierWorld, until } from './testing/world.ts';

/** How a hub, or the receiver behind it, may treat events and receipts. All of them arrive in the end. */
const manners: Readonly<Record<string, (world: CourierWorld) => void>> = {
  'answers late, after the batch was announced again': (world) => {
    const seen = new Map<string, number>();
    world.link.onEvent = (event) => {
      const times = (seen.get(event.messageId) ?? 0) + 1;
      seen.set(event.messageId, times);
      if (times === 3) void world.acknowledge(event);
    };
  },
  'answers twice, and again later': (world) => {
    world.link.onEvent = (event) => {
      void Promise.all([world.acknowledge(event), world.acknowledge(event)]).then(() => world.acknowledge(event));
    };
  },
  'answers in the wrong order': (world) => {
    const kept = new Map<string, DeviceEvent>();
    world.link.onEvent = (event) => {
      kept.set(event.messageId, event);
      if (kept.size < 3) return;
      void inTurn([...kept.values()].toReversed(), (each) => world.acknowledge(each));
    };
  },
  'loses every first answer': (world) => {
    const seen = new Set<string>();
    world.link.onEvent = (event) => {
      if (seen.has(event.messageId)) void world.acknowledge(event);
      seen.add(event.messageId);
    };
  },
  'takes an event and loses the word that it has it': (world) => {
    const send = world.link.sendEvent.bind(world.link);
    let times = 0;
    world.link.sendEvent = async (event) => {
      await send(event);
      times += 1;
      if (times % 2 === 1) throw new GatewayError('LOST', 'as the test wants');
    };
  },
  'gives the receipt before the word that it has the event': (world) => {
    const send = world.link.sendEvent.bind(world.link);
    world.acknowledges = false;
    world.link.sendEvent = async (event) => {
      await world.acknowledge(event);
      await send(event);
    };
  },
};

for (const [what, set] of Object.entries(manners)) {
  test(`COURIER-08: with a hub that ${what}, each case is delivered once`, async (t) => {
    const world = await CourierWorld.make(t, { receiptMs: 40, ceilingMs: 80 });
    // The receiver signs once per batch and keeps what it signed; the same question gets the same receipt.
    const signed = new Map<string, Promise<string>>();
    world.acknowledge = async (event) => {
      const receipt = signed.get(event.messageId) ?? world.receiptFor(event);
      signed.set(event.messageId, receipt);
      return world.courier.acceptAcknowledgement({ receipt: await receipt });
    };
    set(world);
    await world.start();
    const caseIds: string[] = [];
    for (let n = 0; n < 3; n++) {
      caseIds.push((await world.seal({ review: 1000 })).caseId);
      await until(`batch ${n + 1} is announced`, () => new Set(world.link.events.map((e) => e.messageId)).size > n);
    }
    await until('all are delivered', () => world.delivered.length >= 3);
    assert.deepEqual(world.delivered.toSorted(), caseIds.toSorted());
    assert.equal(world.ledger.read.receipts().length, 3);
    assert.deepEqual(world.ledger.read.openBatches(), []);
    assert.ok(world.ledger.read.refusals().every(({ code }) => code === 'PREVIOUS_MISMATCH'));
    await until('all tickets are closed', () => world.link.open.size === 0);
  });
}

test('COURIER-08: a right to write that is granted only after the courier stopped is used by the next one', async (t) => {
  const world = await CourierWorld.make(t);
  const request = world.link.requestUpload.bind(world.link);
  const answer = Promise.withResolvers<void>();
  let asked = 0;
  world.link.requestUpload = async (name) => {
    asked += 1;
    await answer.promise;
    return request(name);
  };
  const { archives } = await world.seal({ review: 1000 });
  await world.start();
  await until('it was asked for', () => asked === 1);
  await world.courier.stop();
  answer.resolve();
  await until('it was noted', () => world.ledger.read.ticketOf(archives[0]?.archiveId ?? '') !== undefined);
  await world.restart();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(asked, 1);
});

async function inTurn<T>(items: readonly T[], step: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await step(item);
}
