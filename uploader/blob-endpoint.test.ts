import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { BlobEndpoint } from './blob-endpoint.ts';
import { serverIdentity } from './testing/authority.ts';
import { BlobServer } from './testing/blob-server.ts';
import { wayTo } from './testing/way.ts';
import { until } from './testing/world.ts';

const id = (letter: string) => `${letter.repeat(43)}=`;

async function makeEndpoint(t: TestContext) {
  const identity = await serverIdentity();
  const server = await new BlobServer(identity).listen();
  const ticket = { correlationId: 'c', containerName: 'uploads', blobName: 'site-1/arc.case', sasToken: '?sig=s' };
  const settings = { ...wayTo(identity.caPem), stallMs: 5000 };
  const endpoint = await BlobEndpoint.open({ ...ticket, hostName: server.host }, settings);
  t.after(async () => {
    endpoint.close();
    await server.close();
  });
  return { server, endpoint };
}

test('a cut resets the connection: the rest of the block never arrives, and nobody crashes', async (t) => {
  const { server, endpoint } = await makeEndpoint(t);
  server.bytesPerSecond = 2_000_000;
  const block = randomBytes(8 << 20);
  for (let n = 1; n <= 3; n++) {
    endpoint.resume();
    const staging = endpoint.stage(id('a'), block);
    await until('it is on its way', () => server.inFlightBytes > 100_000);
    const startedMs = performance.now();
    endpoint.cut();
    await assert.rejects(staging, { code: 'ENDPOINT_UNREACHABLE' });
    assert.ok(performance.now() - startedMs < 100);
    await until('the server saw the reset', () => server.brokenRequests === n);
  }
  const received = server.receivedBytes;
  await after(100);
  assert.equal(server.receivedBytes, received);
  assert.ok(received < 6 << 20, `${received} bytes arrived of three times 8 MiB`);
  assert.deepEqual(server.staged, []);
});

test('a request that was cut before it had a connection opens none', async (t) => {
  const { server, endpoint } = await makeEndpoint(t);
  const staging = endpoint.stage(id('a'), randomBytes(1000));
  endpoint.cut();
  await assert.rejects(staging, { code: 'ENDPOINT_UNREACHABLE' });
  await assert.rejects(endpoint.stage(id('a'), randomBytes(1000)), { code: 'ENDPOINT_UNREACHABLE' });
  await after(50);
  assert.deepEqual(server.requests, []);
  endpoint.resume();
  await endpoint.stage(id('a'), randomBytes(1000));
  assert.equal(server.staged.length, 1);
});

test('a cut while the connection is being made ends at once', async (t) => {
  const { server, endpoint } = await makeEndpoint(t);
  for (let n = 0; n < 10; n++) {
    endpoint.resume();
    const staging = endpoint.stage(id('a'), randomBytes(1000));
    staging.catch(() => {});
    await after(n / 2);
    endpoint.cut();
    await Promise.race([staging.catch(() => {}), after(1000).then(() => assert.fail('it hangs'))]);
  }
  assert.ok(server.staged.length <= 10);
});

test('blocks, list, commit and mark', async (t) => {
  const { server, endpoint } = await makeEndpoint(t);
  assert.deepEqual(await endpoint.uncommitted(), new Map());
  assert.equal(await endpoint.holds('d', 3), false);
  await endpoint.stage(id('a'), Buffer.from('a'));
  await endpoint.stage(id('b'), Buffer.from('bc'));
  assert.deepEqual(
    await endpoint.uncommitted(),
    new Map([
      [id('a'), 1],
      [id('b'), 2],
    ]),
  );
  await endpoint.commit([id('b'), id('a')], 'd');
  assert.equal(server.blobs.get('site-1/arc.case')?.content.toString(), 'bca');
  assert.equal(await endpoint.holds('d', 3), true);
  assert.equal(await endpoint.holds('d', 4), false);
  assert.equal(await endpoint.holds('e', 3), false);
});
