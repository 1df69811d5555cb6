import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createSecureServer } from 'node:tls';
import { newServerIdentity, serverIdentity } from '../uploader/testing/authority.ts';
import { Addresses } from './addresses.ts';
import { systemClock } from './clock.ts';
import { dial } from './dial.ts';
import { DeafServer } from './testing/deaf-server.ts';
import { type FoundWay, type SeekOrder, seekWay } from './way.ts';

const { certPem, keyPem, caPem } = await serverIdentity();
const { signal } = new AbortController();
const target = (port: number) => ({ host: 'localhost', port, lookup: new Addresses(systemClock).lookup });

const order = (port: number): SeekOrder => {
  return { target: target(port), caPem, clock: systemClock, sinceMs: systemClock.monotonicMs() };
};

function drop(t: TestContext, { connection }: FoundWay): void {
  t.after(() => connection?.socket.destroy());
}

async function listening<S extends Server>(t: TestContext, server: S, port = 0): Promise<S> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

/** A server that is sound, and says hello. */
function sound(): Server {
  const server = createSecureServer({ cert: certPem, key: keyPem }, (socket) => {
    socket.on('error', () => {}).write('hello');
  });
  return server.on('tlsClientError', () => {}) as unknown as Server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const closed = (server: Server) => new Promise((resolve) => server.close(resolve));

test('a server that is there is found at the first look, with a connection that works', async (t) => {
  const found = await seekWay(order(portOf(await listening(t, sound()))), signal);
  drop(t, found);
  assert.equal(found.wasAway, false);
  const secure = found.connection?.secure ?? assert.fail('no connection');
  assert.equal(secure.authorized, true);
  const [hello] = await once(secure, 'data');
  assert.equal(String(hello), 'hello');
});

test('NET-03: a port that refused and listens again', async (t) => {
  const gone = await listening(t, createServer());
  const port = portOf(gone);
  await closed(gone);
  let told = 0;
  const seeking = seekWay({ ...order(port), onAway: () => (told += 1) }, signal);
  await systemClock.sleep(400);
  await listening(t, sound(), port);
  const found = await seeking;
  drop(t, found);
  assert.equal(found.wasAway, true);
  assert.ok(found.connection);
  assert.equal(told, 1);
});

for (const [what, treat] of [
  ['resets', (socket: Socket) => void socket.resetAndDestroy()],
  ['closes', (socket: Socket) => void socket.destroy()],
] as const) {
  test(`NET-03: what takes connections and ${what} them is not taken for the server`, async (t) => {
    let looks = 0;
    const middle = await listening(
      t,
      createServer((socket) => {
        looks += 1;
        treat(socket);
      }),
    );
    const port = portOf(middle);
    const seeking = seekWay(order(port), signal);
    await systemClock.sleep(400);
    assert.ok(looks >= 3, `${looks} looks`);
    await closed(middle);
    await listening(t, sound(), port);
    const found = await seeking;
    drop(t, found);
    assert.equal(found.wasAway, true);
  });
}

test('NET-03: what takes connections and is silent is not taken for the server, and holds up no look', async (t) => {
  const isSilent = { now: true };
  const server = sound();
  const port = portOf(await listening(t, server));
  const middle = createServer((client) => {
    if (!isSilent.now) server.emit('connection', client);
  });
  const seeking = seekWay(order(portOf(await listening(t, middle))), signal);
  await systemClock.sleep(800);
  isSilent.now = false;
  const found = await seeking;
  drop(t, found);
  assert.equal(found.wasAway, true, 'the looks before had no answer');
  assert.ok(port);
});

test('NET-03: a line that swallows first packets is noticed, and that it works again before the kernel tries again', async (t) => {
  const server = await DeafServer.start({ certPem, keyPem });
  t.after(() => server.stop());
  await server.deafen();
  // The kernel repeats a first packet after 1, 3 and 7 s; a try that waited for that would come at 7 s.
  const startedMs = systemClock.monotonicMs();
  const [seeking, dialling] = [
    seekWay(order(server.port), signal),
    dial({ target: target(server.port), clock: systemClock, pauseMs: () => 150 }, signal),
  ];
  await systemClock.sleep(3_400);
  server.hear();
  const found = await seeking;
  drop(t, found);
  assert.equal(found.wasAway, true);
  (await dialling).destroy();
  t.diagnostic(`found ${systemClock.monotonicMs() - startedMs - 3_400} ms after it was there again`);
  assert.ok(systemClock.monotonicMs() - startedMs < 6_500);
});

test('a server with another certificate is there, without a connection', async (t) => {
  const stranger = await newServerIdentity();
  const port = portOf(await listening(t, sound()));
  const found = await seekWay({ ...order(port), caPem: stranger.caPem }, signal);
  assert.deepEqual(found, { wasAway: false });
});

test('a refusal ends dialling at once; an end of patience ends both', async (t) => {
  const gone = await listening(t, createServer());
  const port = portOf(gone);
  await closed(gone);
  await assert.rejects(dial({ target: target(port), clock: systemClock, pauseMs: () => 150 }, signal), {
    code: 'ECONNREFUSED',
  });
  const stop = new AbortController();
  const seeking = seekWay(order(port), stop.signal);
  setImmediate(() => stop.abort(new Error('stopping')));
  await assert.rejects(seeking, { message: 'stopping' });
});
