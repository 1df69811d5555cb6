import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf } from '../core/errors.ts';
import { type Credential, TestAuthority } from '../receiver/testing/authority.ts';
import { HubWorld, until } from '../receiver/testing/hub-world.ts';
import type { Desired, HubLink, HubLinkDeps } from './index.ts';
import { linkTo, snapshot, Wire } from './testing/scene.ts';

let world: HubWorld;
let credential: Credential;

before(async () => {
  world = await HubWorld.start();
  credential = await world.device('dev-1');
});
after(() => world.close());

async function started<T>(more: Partial<HubLinkDeps>, use: (link: HubLink) => Promise<T>): Promise<T> {
  const link = linkTo(world, credential, more);
  await link.start(new AbortController().signal);
  try {
    return await use(link);
  } finally {
    await link.stop();
  }
}

const event = (body: string) => ({ messageId: 'm-1', kind: 'batch', contentType: 'application/jose', body });

async function reported(): Promise<Record<string, unknown>> {
  const { json } = await world.service('GET', '/twins/dev-1?api-version=2021-04-12');
  return (json as { properties: { reported: Record<string, unknown> } }).properties.reported;
}

async function setDesired(desired: object): Promise<void> {
  const http = { properties: { desired } };
  const { status } = await world.patchTwin('dev-1', http);
  assert.equal(status, 200);
}

test('goes online, reports its snapshot, and reports only again when it differs', async () => {
  let sealed = 1;
  await started({ snapshot: async () => snapshot(sealed) }, async (link) => {
    await link.whenOnline();
    await until(async () => (await reported()).cases, 'the first report');
    assert.deepEqual((await reported()).cases, { sealed: 1 });
    const version = (await reported()).$version;
    link.poke();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal((await reported()).$version, version, 'a poke without a change writes nothing');
    sealed = 2;
    link.poke();
    await until(async () => (await reported()).$version !== version, 'the second report');
    assert.deepEqual((await reported()).cases, { sealed: 2 });
    assert.deepEqual(Object.keys(link.status), ['state', 'since']);
  });
});

test('sees desired properties: at the start, pushed, and those set while it was away', async () => {
  const seen: Desired[] = [];
  await setDesired({ note: 'one' });
  await started({ onDesired: (desired) => seen.push(desired) }, async (link) => {
    await link.whenOnline();
    assert.deepEqual(link.desired?.properties, { note: 'one' });
    await setDesired({ note: null, list: [1, 2] });
    await until(() => link.desired?.properties.list !== undefined, 'the pushed patch');
    assert.deepEqual(link.desired?.properties, { list: [1, 2] });
  });
  await setDesired({ list: [3] });
  await started({}, async (link) => {
    await link.whenOnline();
    assert.deepEqual(link.desired?.properties, { list: [3] });
  });
  assert.equal(seen.length, 2);
});

test('an event is in the log of the hub with its properties when sendEvent resolves', async () => {
  await started({}, async (link) => {
    await link.whenOnline();
    const all = Array.from({ length: 20 }, (_, n) => link.sendEvent({ ...event(`ä ${n}`), messageId: `m-${n}` }));
    await Promise.all(all);
    const { json } = await world.service('GET', '/vestibule/events?after=0&limit=100&wait=0');
    const { events } = json as { events: { messageId: string; deviceId: string; properties: object; body: string }[] };
    assert.deepEqual(
      events.map(({ messageId }) => messageId),
      Array.from({ length: 20 }, (_, n) => `m-${n}`),
    );
    assert.equal(events[3]?.deviceId, 'dev-1');
    assert.deepEqual(events[3]?.properties, { '$.ce': 'utf-8', kind: 'batch' });
    assert.equal(Buffer.from(events[3]?.body ?? '', 'base64').toString(), 'ä 3');
  });
});

test('refuses what cannot be sent before it is sent', async () => {
  await started({}, async (link) => {
    await link.whenOnline();
    await assert.rejects(link.sendEvent(event('é'.repeat(131_073))), { code: 'EVENT_TOO_LARGE' });
    await assert.rejects(link.requestUpload('blöb'), { code: 'BAD_BLOB_NAME' });
  });
});

test('answers direct methods, and a failing handler with a code only', async () => {
  const methods: HubLinkDeps['methods'] = {
    echo: async (payload) => ({ status: 200, payload }),
    broken: async () => {
      throw Object.assign(new Error('patient'), { code: 'SOME_CODE' });
    },
  };
  const call = (methodName: string, payload: unknown) =>
    world.service('POST', '/twins/dev-1/methods?api-version=2021-04-12', { methodName, payload });
  await started({ methods }, async (link) => {
    await link.whenOnline();
    assert.deepEqual((await call('echo', { a: [1] })).json, { status: 200, payload: { a: [1] } });
    assert.deepEqual((await call('broken', null)).json, { status: 500, payload: { code: 'SOME_CODE' } });
    assert.equal((await call('echo', 'x'.repeat(100_000))).status, 200);
  });
});

test('opens and closes uploads; the eleventh open one is refused', async () => {
  await started({}, async (link) => {
    await link.whenOnline();
    const tickets = [];
    for (let n = 0; n < 10; n++) tickets.push(await link.requestUpload(`a/${n}.case`));
    assert.equal(tickets[0]?.blobName, 'dev-1/a/0.case');
    assert.match(tickets[0]?.sasToken ?? '', /^\?.*sig=/);
    await assert.rejects(link.requestUpload('a/10.case'), { code: 'REFUSED' });
    for (const ticket of tickets) await link.finishUpload(ticket.correlationId, false);
    const again = await link.requestUpload('a/10.case');
    await link.finishUpload(again.correlationId, true);
    await assert.rejects(link.finishUpload('no-such-upload', true), { code: 'REFUSED' });
  });
});

test('comes back by itself when the hub was away, and calls in between say OFFLINE', async () => {
  const told: number[] = [];
  await started({ onDesired: ({ version }) => told.push(version) }, async (link) => {
    await link.whenOnline();
    const { back } = await world.away();
    await until(() => link.state === 'offline', 'the loss');
    await assert.rejects(link.sendEvent(event('x')), { code: 'OFFLINE' });
    await assert.rejects(link.requestUpload('x'), { code: 'OFFLINE' });
    await until(() => link.status.error === 'UNREACHABLE', 'the reason');
    await back();
    await link.whenOnline(AbortSignal.timeout(30_000));
    await link.sendEvent(event('after'));
    assert.equal(link.status.error, undefined);
    assert.equal(told.length, 2, 'what is desired is told on every connection');
  });
});

test('a server that the given CA does not vouch for gets nothing', async () => {
  const stranger = await TestAuthority.make('stranger');
  const { mqttPort, httpsPort } = world.hub;
  const hub = () => ({ host: 'localhost', mqttPort, httpsPort, serverCaPem: stranger.certPem });
  let rejected = 0;
  await started({ hub, onRejected: () => rejected++ }, async (link) => {
    await until(() => link.status.error, 'an error');
    assert.equal(link.status.error, 'SERVER_NOT_TRUSTED');
    assert.notEqual(link.state, 'online');
  });
  assert.equal(rejected, 0, 'this is no reason to provision again');
});

test('an identity that the hub refuses is told to the caller', async () => {
  const dayMs = 86_400_000;
  const past = { notBefore: new Date(Date.now() - 3 * dayMs), notAfter: new Date(Date.now() - dayMs) };
  const cases: readonly [string, Credential][] = [
    ['expired', await world.authority.issue({ commonName: 'dev-1', ...past })],
    ['of another device', await world.device('dev-2')],
    ['of another CA', await (await TestAuthority.make('stranger')).issue({ commonName: 'dev-1' })],
  ];
  for (const [what, { certPem, keyPem }] of cases) {
    const errors: unknown[] = [];
    const identity = () => ({ deviceId: 'dev-1', certificatePem: certPem, keyPem });
    await started({ identity, onRejected: (error) => errors.push(error) }, async (link) => {
      await until(() => errors.length > 1, `a refusal, and another try, of one ${what}`);
      assert.equal(codeOf(errors[0]), 'IDENTITY_REFUSED');
      assert.notEqual(link.state, 'online');
    });
  }
});

test('a link that goes silent is noticed, dropped with its socket, and replaced', async (t) => {
  const wire = new Wire(world.hub.mqttPort);
  t.after(() => wire.close());
  const mqttPort = await wire.listen();
  const { httpsPort } = world.hub;
  const hub = () => ({ host: 'localhost', mqttPort, httpsPort, serverCaPem: world.authority.certPem });
  // An attempt that begins while the wire is still silent loses its first packet: it has to be given up in time.
  const limits = { eventMs: 1_000, openMs: 2_000 };
  await started({ hub, limits }, async (link) => {
    await link.whenOnline();
    const sockets = wire.clients;
    wire.silent = true;
    await assert.rejects(link.sendEvent(event('lost')), { code: 'DEADLINE' });
    await until(() => link.status.error === 'DEADLINE', 'the loss');
    await until(() => sockets.every(({ closed }) => closed), 'the end of the socket on the side of the device');
    wire.silent = false;
    await link.whenOnline(AbortSignal.timeout(30_000));
    await link.sendEvent(event('after'));
  });
});

test('NET-03: a line that swallowed a call and works again has the call fail and the link replaced, long before its deadline', async (t) => {
  const wire = new Wire(world.hub.mqttPort);
  t.after(() => wire.close());
  const mqttPort = await wire.listen();
  const { httpsPort } = world.hub;
  const hub = () => ({ host: 'localhost', mqttPort, httpsPort, serverCaPem: world.authority.certPem });
  await started({ hub, limits: { keepAliveSeconds: 600 } }, async (link) => {
    await link.whenOnline();
    wire.silent = true;
    const sending = link.sendEvent(event('swallowed'));
    sending.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    assert.equal(link.state, 'online', 'nobody has told it');
    wire.silent = false;
    await assert.rejects(sending, { code: 'LOST' });
    await link.whenOnline(AbortSignal.timeout(20_000));
    await link.sendEvent(event('after'));
  });
});

test('a hub that thinks for long is looked at, and keeps its link', async (t) => {
  const wire = new Wire(world.hub.mqttPort);
  t.after(() => wire.close());
  const mqttPort = await wire.listen();
  const { httpsPort } = world.hub;
  const hub = () => ({ host: 'localhost', mqttPort, httpsPort, serverCaPem: world.authority.certPem });
  const methods: HubLinkDeps['methods'] = {};
  await started({ hub, methods, limits: { eventMs: 3_500, keepAliveSeconds: 600 } }, async (link) => {
    await link.whenOnline();
    const [connection] = wire.clients;
    // The hub hears nothing of this one connection; others reach it.
    connection?.pause();
    const sending = link.sendEvent(event('late'));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal(link.state, 'online');
    connection?.resume();
    await sending;
  });
});

test('the keep-alive notices a link that goes silent while nothing is sent', async (t) => {
  const wire = new Wire(world.hub.mqttPort);
  t.after(() => wire.close());
  const mqttPort = await wire.listen();
  const { httpsPort } = world.hub;
  const hub = () => ({ host: 'localhost', mqttPort, httpsPort, serverCaPem: world.authority.certPem });
  const limits = { keepAliveSeconds: 1, openMs: 2_000 };
  await started({ hub, limits }, async (link) => {
    await link.whenOnline();
    wire.silent = true;
    await until(() => link.status.error === 'LOST', 'the keep-alive to notice');
    wire.silent = false;
    await link.whenOnline(AbortSignal.timeout(30_000));
  });
});

test('an idle link carries nothing but its keep-alive', async (t) => {
  const wire = new Wire(world.hub.mqttPort);
  t.after(() => wire.close());
  const mqttPort = await wire.listen();
  const { httpsPort } = world.hub;
  const hub = () => ({ host: 'localhost', mqttPort, httpsPort, serverCaPem: world.authority.certPem });
  await started({ hub, snapshot: async () => snapshot(7) }, async (link) => {
    await link.whenOnline();
    await until(async () => (await reported()).cases, 'the report');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = wire.bytes;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(wire.bytes - before, 0);
  });
});
