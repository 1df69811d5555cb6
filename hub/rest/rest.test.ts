import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { call, service, serviceToken } from '../testing/clients.ts';
import { World } from '../testing/world.ts';

let world: World;

before(async () => {
  world = await (await World.make({ logFile: true })).start();
});

after(() => world.close());

test('a service call needs a token of the service policy: right key, right hub, not expired', async () => {
  const status = async (authorization: string | undefined, path = '/devices') =>
    (await call(world, 'GET', path, { headers: authorization === undefined ? {} : { authorization } })).status;
  const good = serviceToken(world);
  assert.equal(await status(good), 200);
  assert.equal(await status(serviceToken(world, { resource: encodeURIComponent('hub.test/devices') })), 200);
  assert.equal(await status(serviceToken(world, { resource: 'localhost' })), 200, 'the advertised name');
  for (const [what, bad] of [
    ['none', undefined],
    ['expired', serviceToken(world, { expiresInSeconds: -1 })],
    ['another key', serviceToken(world, { key: randomBytes(32).toString('base64') })],
    ['another policy', serviceToken(world, { policy: 'iothubowner' })],
    ['another hub', serviceToken(world, { resource: 'hub.testing' })],
    ['another path', serviceToken(world, { resource: encodeURIComponent('hub.test/twins') })],
    ['part of a segment', serviceToken(world, { resource: encodeURIComponent('hub.test/dev') })],
    ['longer expiry', good.replace(/se=\d+/, 'se=9999999999')],
    ['no policy', good.replace(/&skn=service/, '')],
    ['bearer', 'Bearer abc'],
    ['nonsense', 'SharedAccessSignature sr&sig=%&skn=service&se=x'],
  ] as const) {
    assert.equal(await status(bad), 401, what);
  }
  for (const path of ['/twins/dev1', '/vestibule/events', '/devices/dev1']) {
    assert.equal(await status(undefined, path), 401, path);
  }
});

test("errors are in IoT Hub's form and tell nothing of the inside", async () => {
  const headers = { authorization: serviceToken(world), 'content-type': 'application/json' };
  const answers = [
    [await call(world, 'GET', '/nothing/here'), 404],
    [await call(world, 'GET', '/%E0%A4%A'), 400],
    [await call(world, 'PATCH', '/twins/dev1', { headers, body: '{"tags":' }), 400],
    [await call(world, 'PATCH', '/twins/dev1', { headers, body: '{"__proto__":{"a":1}}' }), 400],
    [await call(world, 'PATCH', '/twins/dev1', { headers, body: '"text"' }), 400],
    [await call(world, 'PATCH', '/twins/dev1', { headers, body: `{"tags":"${'x'.repeat(600_000)}"}` }), 413],
    [
      await call(world, 'PATCH', '/twins/dev1', { headers: { ...headers, 'content-type': 'text/xml' }, body: '<a/>' }),
      415,
    ],
    [
      await call(world, 'PUT', '/devices/Bad%20Id', {
        headers,
        body: '{"authentication":{"type":"certificateAuthority"}}',
      }),
      400,
    ],
    [await call(world, 'GET', '/vestibule/events?after=-1', { headers }), 400],
    [await call(world, 'GET', '/vestibule/events?limit=0', { headers }), 400],
    [await call(world, 'GET', '/vestibule/events?wait=3600', { headers }), 400],
    [await call(world, 'POST', '/vestibule/events/trim', { headers: { authorization: headers.authorization } }), 400],
    [
      await call(world, 'POST', '/devices/dev1/files', {
        body: '{"blobName":"x"}',
        headers: { 'content-type': 'application/json' },
      }),
      401,
    ],
  ] as const;
  for (const [answer, status] of answers) {
    assert.equal(answer.status, status, answer.text);
    const body = JSON.parse(answer.text) as { Message?: string };
    assert.match(body.Message ?? '', /^ErrorCode:\w+;E\d+ [^;]+$/);
    assert.doesNotMatch(answer.text, /at .*\.[tj]s:|node_modules|stack|better-sqlite/);
  }
});

test('the consumer sees when its checkpoint is ahead of the log', async () => {
  const answer = await call(world, 'GET', '/vestibule/events?after=77', {
    headers: { authorization: serviceToken(world) },
  });
  assert.equal(answer.headers['x-vestibule-newest-sequence'], '0');
  assert.deepEqual(JSON.parse(answer.text), { events: [] });
});

test('a long poll ends when the hub stops, and the stop does not wait for it', async () => {
  const poll = service(world, 'GET', '/vestibule/events?wait=50').catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const started = performance.now();
  await world.restart();
  assert.ok(performance.now() - started < 5000);
  await poll;
});

test('a peer that does not speak TLS 1.2 or newer, or is in plain text, gets nothing', async () => {
  const old = connect({
    port: world.ports.httpsPort,
    host: '127.0.0.1',
    ca: world.authority.certPem,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1.1',
  });
  const [error] = await once(old, 'error');
  assert.ok(error instanceof Error);
});
