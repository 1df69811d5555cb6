import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createSecureServer } from 'node:tls';
import { Addresses } from '../core/addresses.ts';
import { systemClock } from '../core/clock.ts';
import { TestAuthority } from '../receiver/testing/authority.ts';
import { defaultLimits } from './limits.ts';
import { wayReturned } from './scout.ts';

const authority = await TestAuthority.make('ca');
const { certPem: cert, keyPem: key } = await authority.issueServer();

/** Counts who came, and is a sound TLS server unless it only takes connections. */
async function listening(t: TestContext, port = 0): Promise<Server> {
  const server = createSecureServer({ cert, key }, (socket) => void socket.on('error', () => {}).resume());
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
  return server as unknown as Server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function goneFrom(t: TestContext): Promise<number> {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const port = portOf(gone);
  await new Promise((resolve) => gone.close(resolve));
  t.diagnostic(`port ${port}`);
  return port;
}

const order = (port: number) => ({
  target: { host: 'localhost', port, lookup: new Addresses(systemClock).lookup },
  caPem: authority.certPem,
  clock: systemClock,
  sinceMs: systemClock.monotonicMs(),
});
const { signal } = new AbortController();

test('NET-03: a way that was gone and is there again ends a long wait at once', async (t) => {
  const port = await goneFrom(t);
  const waiting = wayReturned(order(port), 600_000, signal);
  await systemClock.sleep(300);
  await listening(t, port);
  assert.equal(await waiting, true);
});

test('NET-03: while there is no way a short wait goes on: no attempt is made in vain', async (t) => {
  const port = await goneFrom(t);
  const waiting = wayReturned(order(port), 50, signal);
  await systemClock.sleep(500);
  await listening(t, port);
  assert.equal(await waiting, true);
});

test('NET-03: a way that was there all along cuts no wait short, and is looked at once', async (t) => {
  const server = await listening(t);
  let looks = 0;
  server.on('connection', () => (looks += 1));
  assert.equal(await wayReturned(order(portOf(server)), 500, signal), false);
  assert.equal(looks, 1);
});

test('NET-03: looks grow rarer the longer the way is gone; after minutes an attempt is made all the same', async (t) => {
  const port = await goneFrom(t);
  const { target, ...rest } = order(port);
  const atMs: number[] = [];
  let nowMs = 0;
  const lookup: typeof target.lookup = (host, options, done) => {
    atMs.push(nowMs);
    target.lookup(host, options, done);
  };
  const clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    sleep: async (ms: number, stopped?: AbortSignal) => {
      const endMs = nowMs + ms;
      // The wait for a real attempt is as long as all looks together.
      while (ms > 10_000 && nowMs < endMs && !stopped?.aborted) await new Promise(setImmediate);
      if (ms <= 10_000) nowMs = Math.max(nowMs, endMs);
      await new Promise(setImmediate);
      stopped?.throwIfAborted();
    },
  };
  const patient = { ...rest, target: { ...target, lookup }, clock, sinceMs: 0 };
  assert.equal(await wayReturned(patient, 900_000, signal), false);
  const gaps = atMs.slice(1).map((at, n) => at - (atMs[n] ?? 0));
  assert.equal(gaps[0], 100);
  assert.ok(Math.max(...gaps) <= 5_000);
  assert.ok(atMs.length > 300 && atMs.length < 600, `${atMs.length} looks in twenty minutes`);
});

test('stopping ends the wait', async (t) => {
  const server = await listening(t);
  const stop = new AbortController();
  const waiting = wayReturned(order(portOf(server)), 600_000, stop.signal);
  setImmediate(() => stop.abort(new Error('stopping')));
  await assert.rejects(waiting);
});

test('a half-open link is noticed within half a minute', () => {
  // mqtt.js gives a connection up when the answer to one ping has not come by the next.
  assert.ok(2 * defaultLimits.keepAliveSeconds <= 30);
});
