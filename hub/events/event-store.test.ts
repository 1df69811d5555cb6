import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { EventStore } from './event-store.ts';

const event = (body: string | Uint8Array, messageId?: string) => ({
  deviceId: 'dev1',
  properties: { kind: 'test' },
  body: Buffer.from(body),
  ...(messageId === undefined ? {} : { messageId }),
});

async function openStore(t: TestContext) {
  const folder = temporaryFolder(t);
  const clock = new ManualClock();
  const store = EventStore.open(folder, clock);
  t.after(() => store.database.open && store.close());
  return { store, clock, folder };
}

test('events that wait together share one transaction and keep their order', async (t) => {
  const { store } = await openStore(t);
  const statements: unknown[] = [];
  const transaction = store.database.transaction.bind(store.database);
  store.database.transaction = ((work: () => unknown) => {
    statements.push(work);
    return transaction(work as () => void);
  }) as typeof store.database.transaction;
  const sequences = await Promise.all(['a', 'b', 'c'].map((body) => store.append(event(body))));
  assert.deepEqual(sequences, [1, 2, 3]);
  assert.equal(statements.length, 1);
  assert.deepEqual(
    store.after(0, 10).map(({ body }) => Buffer.from(body).toString()),
    ['a', 'b', 'c'],
  );
});

test('what is told is what was stored; absent stays absent', async (t) => {
  const { store, clock } = await openStore(t);
  await store.append({ ...event('x', 'm1'), contentType: 'text/plain', properties: { __proto__x: '1', 'ü ': '' } });
  await store.append(event(new Uint8Array(0)));
  const [first, second] = store.after(0, 10);
  assert.deepEqual(first, {
    sequence: 1,
    deviceId: 'dev1',
    messageId: 'm1',
    contentType: 'text/plain',
    properties: { __proto__x: '1', 'ü ': '' },
    enqueuedAt: clock.now().toISOString(),
    body: Buffer.from('x'),
  });
  assert.ok(second && !('messageId' in second) && second.body.length === 0);
});

test('trimming removes what is below and never gives a number twice', async (t) => {
  const { store } = await openStore(t);
  for (const body of ['a', 'b', 'c']) await store.append(event(body));
  assert.equal(store.trim(2), 2);
  assert.deepEqual(
    store.after(0, 10).map(({ sequence }) => sequence),
    [3],
  );
  assert.equal(store.trim(99), 1);
  assert.equal(store.newest, 3);
  assert.equal(await store.append(event('d')), 4);
});

test('a page is cut by bytes but never empty', async (t) => {
  const { store } = await openStore(t);
  for (let n = 0; n < 20; n++) await store.append(event(Buffer.alloc(256 * 1024)));
  assert.equal(store.after(0, 1000).length, 16);
  assert.equal(store.after(0, 3).length, 3);
  await store.append(event(Buffer.alloc(5 * 1024 * 1024)));
  assert.equal(store.after(20, 10).length, 1);
});

test('a full disk: the event is refused, nothing of its group is stored, and it goes on when there is room', async (t) => {
  const { store } = await openStore(t);
  await store.append(event('before'));
  const pages = Number(store.database.pragma('page_count', { simple: true }));
  store.database.pragma(`max_page_count = ${pages + 10}`);
  const group = [store.append(event('small')), store.append(event(Buffer.alloc(200_000)))];
  for (const result of await Promise.allSettled(group)) assert.equal(result.status, 'rejected');
  assert.equal(store.after(0, 10).length, 1);
  store.database.pragma('max_page_count = 1000000');
  assert.equal(await store.append(event('after')), 2);
});

test('a long poll ends with the first event, with time, with its signal, or with the store', async (t) => {
  const { store, clock } = await openStore(t);
  const never = new AbortController();
  const arrived = store.next(0, 10, 1000, never.signal);
  await store.append(event('x'));
  assert.equal((await arrived).length, 1);
  const timed = store.next(1, 10, 1000, never.signal);
  clock.advance(1000);
  assert.deepEqual(await timed, []);
  const left = new AbortController();
  const cut = store.next(1, 10, 1000, left.signal);
  left.abort();
  assert.deepEqual(await cut, []);
});

test('after an outage of the consumer the disk gets its space back', async (t) => {
  const { store, folder } = await openStore(t);
  for (let n = 0; n < 10; n++) {
    await Promise.all(Array.from({ length: 10 }, () => store.append(event(Buffer.alloc(256 * 1024)))));
  }
  store.trim(99);
  store.database.pragma('wal_checkpoint(TRUNCATE)');
  assert.ok((await stat(join(folder, 'events.db'))).size < 1024 * 1024);
  assert.equal(store.after(0, 10).length, 1);
});

test('closing stores what still waits', async (t) => {
  const { store, folder, clock } = await openStore(t);
  const waiting = store.append(event('last'));
  store.close();
  assert.equal(await waiting, 1);
  const again = EventStore.open(folder, clock);
  assert.equal(again.after(0, 10).length, 1);
  again.close();
});
