import assert from 'node:assert/strict';
import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { sha256 } from '../core/digest.ts';
import type { Credential } from '../hub/testing/certificates.ts';
import { World } from '../hub/testing/world.ts';
import type { UploadTicket } from '../protocol/link.ts';
import { BlobEndpoint } from './blob-endpoint.ts';
import { wayTo } from './testing/way.ts';
import { CourierWorld, device, until } from './testing/world.ts';

const mib = 1024 * 1024;

/** A device's request to the hub's HTTPS side; answers with the body. */
function call(hub: World, { certPem, keyPem }: Credential, path: string, body?: unknown): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const sent = request(
    {
      ...{ host: '127.0.0.1', port: hub.hub.httpsPort, servername: 'localhost', path, agent: false },
      ...{ method: body === undefined ? 'GET' : 'POST', headers: { 'content-type': 'application/json' } },
      ...{ ca: hub.authority.certPem, cert: certPem, key: keyPem },
    },
    async (response) => {
      const content = await buffer(response);
      if ((response.statusCode ?? 500) < 300) resolve(content);
      else reject(new Error(`hub answered ${response.statusCode}`));
    },
  );
  sent.on('error', reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

const version = 'api-version=2021-04-12';

test('the courier delivers to the embedded hub: a pause and a restart included', async (t) => {
  const hub = await (await World.make()).start();
  t.after(() => hub.close());
  const credential = await hub.device(device);
  const world = await CourierWorld.make(t, { serverCaPem: hub.authority.certPem, policy: { parallelBlocks: 2 } });
  const tickets = new Map<string, UploadTicket>();
  world.link.requestUpload = async (blobName) => {
    const answer = await call(hub, credential, `/devices/${device}/files?${version}`, { blobName });
    const ticket = JSON.parse(answer.toString()) as UploadTicket;
    tickets.set(ticket.blobName, ticket);
    world.link.open.add(ticket.correlationId);
    return ticket;
  };
  const notify = world.link.finishUpload.bind(world.link);
  world.link.finishUpload = async (correlationId, isSuccess) => {
    const path = `/devices/${device}/files/notifications/${correlationId}?${version}`;
    await call(hub, credential, path, { isSuccess, statusCode: 201 });
    await notify(correlationId, isSuccess);
  };
  const { caseId, archives } = await world.seal({ review: 400_000, study: 12 * mib });
  await world.start();
  await until('the study is on its way', () => world.ledger.read.blocksOf(archives[1]?.archiveId ?? '').length > 0);
  world.gate.close();
  assert.deepEqual(await world.gate.quiet(200), []);
  world.gate.open();
  await world.restart();
  await until('it is delivered', () => world.delivered.includes(caseId));
  await until('all tickets are closed', () => world.link.closed.length === 2);
  for (const archive of archives) {
    const { containerName, blobName, sasToken } = tickets.get(world.blobOf(archive)) ?? assert.fail('no ticket');
    const content = await call(hub, credential, `/${containerName}/${blobName}${sasToken}`);
    assert.equal(sha256(content), archive.sha256);
  }
});

test('a commit whose answer was lost is recognised at the embedded hub', async (t) => {
  const hub = await (await World.make()).start();
  t.after(() => hub.close());
  const credential = await hub.device(device);
  const answer = await call(hub, credential, `/devices/${device}/files?${version}`, { blobName: 'arc-x.case' });
  const ticket = JSON.parse(answer.toString()) as UploadTicket;
  const endpoint = await BlobEndpoint.open(ticket, { ...wayTo(hub.authority.certPem), stallMs: 5000 });
  t.after(() => endpoint.close());
  assert.deepEqual(await endpoint.uncommitted(), new Map());
  const blocks = [Buffer.alloc(70_000, 1), Buffer.alloc(50_000, 2)];
  const ids = blocks.map((block) => Buffer.from(sha256(block), 'hex').toString('base64'));
  for (const [n, block] of blocks.entries()) await endpoint.stage(ids[n] ?? '', block);
  assert.deepEqual([...(await endpoint.uncommitted()).values()].toSorted(), [50_000, 70_000]);
  const digest = sha256(Buffer.concat(blocks));
  assert.equal(await endpoint.holds(digest, 120_000), false);
  await assert.rejects(endpoint.commit(['A'.repeat(43).concat('=')], digest), { code: 'BLOCKS_MISSING' });
  await endpoint.commit(ids, digest);
  assert.equal(await endpoint.holds(digest, 120_000), true);
  assert.equal(await endpoint.holds(digest, 120_001), false);
  assert.equal(await endpoint.holds(sha256('other'), 120_000), false);
  await endpoint.commit(ids, digest);
  assert.deepEqual(await endpoint.uncommitted(), new Map());
  const spoilt = {
    ...ticket,
    sasToken: ticket.sasToken.replace(/sig=(.)/, (_, first) => (first === 'A' ? 'sig=B' : 'sig=A')),
  };
  const stranger = await BlobEndpoint.open(spoilt, { ...wayTo(hub.authority.certPem), stallMs: 5000 });
  t.after(() => stranger.close());
  await assert.rejects(stranger.stage(ids[0] ?? '', Buffer.alloc(10)), { code: 'TICKET_REFUSED' });
});
