import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { LedgerError } from './ledger-error.ts';
import { newServerIdentity } from './testing/authority.ts';
import type { BlobRequest, Fault } from './testing/blob-server.ts';
import { CourierWorld, manifestFrom, until } from './testing/world.ts';

const mib = 1024 * 1024;
const archiveBytes = 2 * mib;

/** Bytes of all blocks that were staged. */
const bytesOf = ({ server }: CourierWorld) => server.staged.reduce((sum, { bytes }) => sum + bytes, 0);

/** One fault each, in the middle of an upload: it is delivered all the same, byte for byte. */
const faults: Readonly<Record<string, readonly [BlobRequest, Fault, number?]>> = {
  'a server error on a block': ['block', { status: 500, code: 'InternalError' }, 2],
  'a busy server': ['block', { status: 503, code: 'ServerBusy' }, 2],
  'too many requests': ['block', { status: 429, code: 'TooManyRequests', headers: { 'retry-after': '0' } }, 2],
  'an expired ticket': ['block', { status: 403, code: 'AuthenticationFailed' }, 2],
  'a condition that does not hold on a block': ['block', { status: 412, code: 'ConditionNotMet' }, 2],
  'a conflict on a block': ['block', { status: 409, code: 'InvalidBlobType' }, 2],
  'a connection cut in the middle of a block': ['block', { cutAfterBytes: 100_000 }, 2],
  'a block whose answer is lost': ['block', 'answer-lost', 2],
  'a server error on the commit': ['commit', { status: 500, code: 'InternalError' }],
  'a condition that does not hold on the commit': ['commit', { status: 412, code: 'ConditionNotMet' }],
  'a conflict on the commit': ['commit', { status: 409, code: 'BlobAlreadyExists' }],
  'a commit whose answer is lost': ['commit', 'answer-lost'],
  'a gateway that is away on the commit': ['commit', { status: 502, code: 'BadGateway' }],
  'a gateway that waits in vain on the commit': ['commit', { status: 504, code: 'GatewayTimeout' }],
  'an expired ticket on the commit': ['commit', { status: 403, code: 'AuthenticationFailed' }],
  'blocks that were lost before the commit': ['commit', 'forget-blocks'],
};

for (const [what, [on, fault, nth = 1]] of Object.entries(faults)) {
  test(`COURIER-03: an upload survives ${what}`, async (t) => {
    const world = await CourierWorld.make(t);
    world.server.failNext(on, fault, nth);
    const { archives } = await world.seal({ review: archiveBytes });
    await world.start();
    await until('it is delivered', () => world.delivered.length === 1);
    const blob = world.ledger.read.archivesOf(world.delivered[0] ?? '')[0]?.blob ?? '';
    assert.equal(world.server.digestOf(blob), archives[0]?.sha256);
    await until('all tickets are closed', () => world.link.open.size === 0);
    assert.equal(world.link.closed.filter(({ succeeded }) => succeeded).length, 1);
    assert.ok(world.link.mostOpen <= 2);
  });
}

test('a commit whose answer was lost is recognised and not made again', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.failNext('commit', 'answer-lost');
  await world.seal({ review: archiveBytes });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.requests.filter((kind) => kind === 'commit').length, 1);
  assert.ok(world.server.requests.includes('head'));
});

test('an answer that was lost together with the process is recognised by the next one', async (t) => {
  const world = await CourierWorld.make(t, { retryMs: 60_000, ceilingMs: 60_000 });
  world.server.failNext('commit', 'answer-lost');
  world.server.failNext('head', { status: 500, code: 'InternalError' });
  await world.seal({ review: archiveBytes });
  await world.start();
  await until('it was committed', () => world.server.requests.includes('head'));
  await world.restart();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.requests.filter((kind) => kind === 'commit').length, 1);
});

test('a spoilt name is left behind, and the ticket for it closed as failed', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.failNext('commit', { status: 409, code: 'BlobAlreadyExists' });
  const { caseId, archives } = await world.seal({ review: 1000 });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.ledger.read.archivesOf(caseId)[0]?.blob, `site-1/${archives[0]?.archiveId}-2.case`);
  assert.deepEqual(world.link.closed.map(({ succeeded }) => succeeded).toSorted(), [false, true]);
});

test('COURIER-04: a ticket that expires in the middle is exchanged, and no block is sent again for it', async (t) => {
  const world = await CourierWorld.make(t);
  const used = new Map<string, number>();
  world.server.isTicketGood = (signature) => {
    const times = (used.get(signature) ?? 0) + 1;
    used.set(signature, times);
    // Each is good for three requests, of which the first of a later one asks for what is there.
    return times <= 3;
  };
  const { archives } = await world.seal({ review: archiveBytes });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.digestOf(world.blobOf(archives[0] as never)), archives[0]?.sha256);
  assert.equal(bytesOf(world), archiveBytes, 'every block was staged once');
  await until('all tickets are closed', () => world.link.open.size === 0);
  assert.ok(used.size >= 2);
  assert.equal(world.link.closed.filter(({ succeeded }) => succeeded).length, 1);
  assert.ok(world.link.mostOpen <= 2);
});

test('COURIER-04: a list of uncommitted blocks that is empty after a restart means to start again', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.bytesPerSecond = 6 * mib;
  const { archives } = await world.seal({ study: 3 * mib });
  await world.start();
  await until('some blocks are there', () => world.server.staged.length >= 2);
  await world.courier.stop();
  world.server.failNext('list', 'forget-blocks');
  world.server.bytesPerSecond = Number.POSITIVE_INFINITY;
  world.courier = world.newCourier();
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.digestOf(world.blobOf(archives[0] as never)), archives[0]?.sha256);
  assert.ok(world.server.requests.includes('head'), 'it was not taken for a commit whose answer was lost');
});

for (const [what, on] of [
  ['a block', 'block'],
  ['a commit', 'commit'],
  ['a list', 'list'],
] as const) {
  test(`COURIER-04: ${what} that is done only after it was given up is no second one`, async (t) => {
    const world = await CourierWorld.make(t, { stallMs: 200 });
    world.server.failNext('block', { cutAfterBytes: 50_000 }, 2);
    world.server.failNext(on, { lateMs: 500 });
    const { caseId, archives } = await world.seal({ review: archiveBytes });
    await world.start();
    await until('it is delivered', () => world.delivered.length === 1);
    assert.equal(
      world.ledger.read.archivesOf(caseId)[0]?.blob,
      world.blobOf(archives[0] as never),
      'under its first name',
    );
    assert.equal(world.server.digestOf(world.blobOf(archives[0] as never)), archives[0]?.sha256);
    assert.equal(world.ledger.read.receipts().length, 1);
  });
}

test('Retry-After is waited for', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.failNext('block', { status: 429, code: 'TooManyRequests', headers: { 'retry-after': '1' } });
  await world.seal({ review: 1000 });
  const startedMs = performance.now();
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.ok(performance.now() - startedMs >= 950);
});

test('COURIER-05: Retry-After holds for all archives, as a date too, and a link that returns does not cut it short', async (t) => {
  const world = await CourierWorld.make(t);
  const dueAt = new Date(Math.ceil(Date.now() / 1000 + 1) * 1000);
  const headers = { 'retry-after': dueAt.toUTCString() };
  world.server.failNext('block', { status: 429, code: 'TooManyRequests', headers });
  await world.seal({ review: 1000 });
  await world.start();
  await until('it was told to wait', () => world.server.requests.length >= 1 && world.gate.running.length === 0);
  await world.seal({ study: 1000 });
  for (let n = 0; n < 10; n++) {
    world.courier.linkOnline();
    await after(20);
  }
  const requests = world.server.requests.length;
  assert.equal(requests, 1);
  await until('it goes on', () => world.server.requests.length > requests);
  assert.ok(Date.now() >= dueAt.getTime());
  await until('both are delivered', () => world.delivered.length === 2);
});

test('lesson 45: a restart in the middle sends at most one block again, with the same ticket', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.bytesPerSecond = 6 * mib;
  const { archives } = await world.seal({ study: 5 * mib });
  const [archive] = archives;
  assert.ok(archive);
  await world.start();
  let bytesTwice = 0;
  for (const blocks of [2, 4]) {
    await until('some blocks are there', () => world.server.staged.length >= blocks);
    await world.courier.stop();
    const known = world.ledger.read.blocksOf(archive.archiveId).reduce((sum, { bytes }) => sum + bytes, 0);
    const last = world.server.staged.at(-1)?.bytes ?? 0;
    const unknown = bytesOf(world) - bytesTwice - known;
    assert.ok(unknown === 0 || unknown === last, `${unknown} bytes are staged and not known to be`);
    bytesTwice += unknown;
    await world.restart();
  }
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.digestOf(world.blobOf(archive)), archive.sha256);
  assert.equal(bytesOf(world), 5 * mib + bytesTwice);
  assert.equal(world.link.closed.length, 1, 'one ticket was enough');
});

test('a kept ticket that is about to expire is given up for a new one', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.bytesPerSecond = 6 * mib;
  await world.seal({ study: 3 * mib });
  await world.start();
  await until('some blocks are there', () => world.server.staged.length >= 2);
  await world.courier.stop();
  const nearEnd = { ...world.clock, now: () => new Date(Date.now() + 56 * 60_000) };
  world.clock = nearEnd;
  world.courier = world.newCourier();
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  await until('both tickets are closed', () => world.link.closed.length === 2);
  assert.deepEqual(world.link.closed.map(({ succeeded }) => succeeded).toSorted(), [false, true]);
  assert.ok(bytesOf(world) < 4 * mib, 'blocks staged with the old ticket count');
});

test('a clock that is hours ahead does not ask for tickets without end', async (t) => {
  const world = await CourierWorld.make(t);
  world.clock = { ...world.clock, now: () => new Date(Date.now() + 5 * 3_600_000) };
  world.courier = world.newCourier();
  await world.seal({ review: archiveBytes });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  await until('its ticket is closed', () => world.link.closed.length === 1);
});

test('lesson 38: one upload that always fails does not hold up the others, and never piles up tickets', async (t) => {
  const world = await CourierWorld.make(t, { ceilingMs: 40 });
  const poisoned = await world.seal({ review: 1000 });
  await world.start();
  await until('it was tried', () => world.server.requests.length > 0);
  const spoilt = new Set<string>();
  world.link.requestUpload = ((request) => async (name: string) => {
    const ticket = await request(name);
    if (name.startsWith(poisoned.archives[0]?.archiveId ?? '')) spoilt.add(ticket.correlationId);
    return ticket;
  })(world.link.requestUpload.bind(world.link));
  world.server.isTicketGood = (signature) => !spoilt.has(signature);
  await until('the first is delivered', () => world.delivered.length === 1);
  const again = await world.seal({ review: 1000 });
  await until('the next one is delivered', () => world.delivered.includes(again.caseId));
});

test('tickets that are refused over and over are closed each time', async (t) => {
  const world = await CourierWorld.make(t, { retryMs: 5, ceilingMs: 10 });
  world.server.isTicketGood = () => false;
  await world.seal({ review: 1000 });
  await world.start();
  await until('fifteen tickets were tried', () => world.link.closed.length >= 15);
  assert.ok(world.link.mostOpen <= 2);
  world.server.isTicketGood = () => true;
  await until('it is delivered', () => world.delivered.length === 1);
});

test('a notification that fails is made again; one that is refused is left', async (t) => {
  const world = await CourierWorld.make(t);
  world.link.failures.push({ call: 'finishUpload', code: 'LOST' }, { call: 'finishUpload', code: 'DEADLINE' });
  await world.seal({ review: 1000 });
  await world.start();
  await until('the ticket is closed', () => world.link.closed.length === 1);
  world.link.failures.push({ call: 'finishUpload', code: 'REFUSED' });
  await world.seal({ review: 1000 });
  await until('the next is delivered', () => world.delivered.length === 2);
  await until('nothing is left to close', () => world.ledger.read.ticketsToClose().length === 0);
  assert.equal(world.link.closed.length, 1);
});

test('a link that fails at every call is asked again until it works', async (t) => {
  const world = await CourierWorld.make(t);
  for (const call of ['requestUpload', 'requestUpload', 'sendEvent', 'sendEvent'] as const) {
    world.link.failures.push({ call, code: 'LOST' });
  }
  await world.seal({ review: 1000 });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
});

test('an endpoint that another CA vouches for gets no byte of the archive', async (t) => {
  const { caPem } = await newServerIdentity();
  const world = await CourierWorld.make(t, { serverCaPem: caPem });
  await world.seal({ review: archiveBytes });
  await world.start();
  const log = () => readFileSync(`${world.folder}/log`, 'utf8');
  await until('it was refused', () => log().includes('ENDPOINT_NOT_TRUSTED'));
  assert.equal(world.server.receivedBytes, 0);
  assert.equal(world.server.requests.length, 0);
});

test('an endpoint that stops answering is given up and tried again', async (t) => {
  const world = await CourierWorld.make(t, { stallMs: 150 });
  world.server.bytesPerSecond = 200_000;
  await world.seal({ review: 300_000 });
  await world.start();
  await until('it was given up', () => world.server.brokenRequests >= 1);
  world.server.bytesPerSecond = Number.POSITIVE_INFINITY;
  await until('it is delivered', () => world.delivered.length === 1);
});

test('an endpoint that falls silent on a connection that worked is given up and tried again', async (t) => {
  const world = await CourierWorld.make(t, { stallMs: 150 });
  for (const [kind, nth] of [
    ['block', 1],
    ['block', 4],
    ['commit', 1],
  ] as const) {
    world.server.failNext(kind, 'silence', nth);
  }
  await world.seal({ review: archiveBytes });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
});

test('when one connection falls silent, no request waits for another one as old', async (t) => {
  const world = await CourierWorld.make(t, { stallMs: 150, policy: { parallelBlocks: 3 } });
  world.server.failNext('commit', 'deaf');
  await world.seal({ review: archiveBytes });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.unheardRequests, 1);
});

test('several blocks at a time make the same blob', async (t) => {
  const world = await CourierWorld.make(t, { policy: { parallelBlocks: 3 } });
  world.server.failNext('block', { status: 500, code: 'InternalError' }, 4);
  const { archives } = await world.seal({ study: 6 * mib + 123 });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.digestOf(world.blobOf(archives[0] as never)), archives[0]?.sha256);
});

test('a case that is held during its upload is not sent further', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.bytesPerSecond = 2 * mib;
  const { caseId, archives } = await world.seal({ study: 4 * mib });
  await world.start();
  await until('it is on its way', () => world.server.staged.length >= 1);
  await world.ledger.hold(caseId, 'unreadable', 'a person says so');
  await until('its ticket is closed', () => world.link.closed.length === 1);
  assert.deepEqual(world.link.closed[0]?.succeeded, false);
  assert.equal(world.server.blobs.has(world.blobOf(archives[0] as never)), false);
  assert.equal(world.ledger.read.caseById(caseId)?.stage, 'held');
  assert.deepEqual(world.ledger.read.openBatches(), []);
});

test('a blob that got lost at the other side is sent again by itself, a few times', async (t) => {
  const world = await CourierWorld.make(t);
  world.acknowledges = false;
  let losses = 0;
  world.link.onEvent = (event) => {
    const { batch, archives } = manifestFrom(event);
    if (losses++ === 3) return void world.acknowledge(event);
    world.server.blobs.delete(archives[0]?.blob ?? '');
    void world.courier.acceptAcknowledgement({ refused: { batch, code: 'BLOB_LOST', message: 'it is not there' } });
  };
  const { caseId, archives } = await world.seal({ review: 300_000 });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  const blob = world.ledger.read.archivesOf(caseId)[0]?.blob ?? '';
  assert.equal(blob, `site-1/${archives[0]?.archiveId}-4.case`);
  assert.equal(world.server.digestOf(blob), archives[0]?.sha256);
  await until('all tickets are closed', () => world.link.open.size === 0);
});

test('an archive that nobody can read at the other side is held alone; its company is delivered', async (t) => {
  const world = await CourierWorld.make(t);
  const cases = [];
  for (let n = 0; n < 3; n++) cases.push(await world.seal({ review: 1000 }));
  const sick = cases[1]?.archives[0]?.archiveId;
  world.acknowledges = false;
  world.link.onEvent = (event) => {
    const { batch, archives } = manifestFrom(event);
    if (!archives.some(({ archiveId }) => archiveId === sick)) return void world.acknowledge(event);
    void world.courier.acceptAcknowledgement({ refused: { batch, code: 'ARCHIVE_REFUSED', message: 'no' } });
  };
  await world.start();
  await until('the others are delivered', () => world.delivered.length === 2);
  await until('the sick one is held', () => world.ledger.read.stageCounts().held === 1);
  assert.equal(world.ledger.read.caseById(cases[1]?.caseId ?? '')?.reason, 'refused-by-receiver');
  assert.equal(world.server.requests.filter((kind) => kind === 'commit').length, 3, 'nothing is uploaded twice');
});

test('a right to write that could not be noted is given back at once', async (t) => {
  const world = await CourierWorld.make(t);
  const start = world.ledger.startUpload.bind(world.ledger);
  let refusals = 0;
  world.ledger.startUpload = (ticket) => {
    if (refusals++ < 12) return Promise.reject(new LedgerError('DISK_FULL', 'as the test wants'));
    return start(ticket);
  };
  await world.seal({ review: 1000 });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.link.mostOpen, 1);
});

test('LOG-02: a failure that stays is said once in an hour', async (t) => {
  const world = await CourierWorld.make(t, { retryMs: 1, ceilingMs: 2 });
  for (let n = 0; n < 40; n++) world.link.failures.push({ call: 'requestUpload', code: 'REFUSED' });
  await world.seal({ review: 1000 });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  const lines = readFileSync(`${world.folder}/log`, 'utf8').split('courier job failed').length - 1;
  assert.equal(lines, 1);
});
