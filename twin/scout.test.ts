import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { defaultLimits } from './limits.ts';
import { wayReturned } from './scout.ts';

async function listening(t: TestContext, port = 0): Promise<Server> {
  const server = createServer((socket) => void socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
  return server;
}

const order = (port: number) => ({ host: '127.0.0.1', port, clock: systemClock, sinceMs: systemClock.monotonicMs() });
const { signal } = new AbortController();

test('NET-03: a way that was gone and is there again ends a long wait at once', async (t) => {
  const gone = await listening(t);
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const waiting = wayReturned(order(port), 600_000, signal);
  await systemClock.sleep(300);
  await listening(t, port);
  assert.equal(await waiting, true);
});

test('NET-03: a way that was there all along cuts no wait short, and is looked at once', async (t) => {
  const server = await listening(t);
  let looks = 0;
  server.on('connection', () => (looks += 1));
  assert.equal(await wayReturned(order((server.address() as AddressInfo).port), 500, signal), false);
  assert.equal(looks, 1);
});

test('NET-03: looks grow rarer the longer the way is gone', async (t) => {
  const gone = await listening(t);
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const waits: number[] = [];
  let aheadMs = 0;
  const clock = {
    ...systemClock,
    monotonicMs: () => aheadMs,
    sleep: async (ms: number) => {
      waits.push(ms);
      aheadMs += ms;
    },
  };
  assert.equal(await wayReturned({ ...order(port), clock, sinceMs: 0 }, 3_600_000, signal), false);
  assert.equal(waits[0], 150);
  assert.ok(Math.max(...waits) <= 5_000);
  assert.ok(waits.length < 1_100, `${waits.length} looks in an hour`);
});

test('stopping ends the wait', async (t) => {
  const server = await listening(t);
  const stop = new AbortController();
  const waiting = wayReturned(order((server.address() as AddressInfo).port), 600_000, stop.signal);
  setImmediate(() => stop.abort(new Error('stopping')));
  await assert.rejects(waiting);
});

test('a half-open link is noticed within half a minute', () => {
  // mqtt.js gives a connection up when the answer to one ping has not come by the next.
  assert.ok(2 * defaultLimits.keepAliveSeconds <= 30);
});
