import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { openReader, openStore } from '../../core/database.ts';
import { sha256 } from '../../core/digest.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { Manifest } from '../../protocol/batch.ts';
import { newId } from '../../protocol/ids.ts';
import type { SignReceipt, WaitingEvent } from './catalogue.ts';
import { catalogueMigrations } from './schema.ts';
import { SqliteCatalogue } from './sqlite.ts';

const now = new Date('2026-01-01T00:00:00.000Z');
const far = new Date('2100-01-01T00:00:00.000Z');

async function withCatalogue(use: (catalogue: SqliteCatalogue, again: () => SqliteCatalogue) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-catalogue-'));
  const deps = { clock: systemClock, keepRejected: 3, maxWaitingPerDevice: 3 };
  const open: SqliteCatalogue[] = [];
  const again = () => {
    const catalogue = new SqliteCatalogue(join(folder, 'catalogue.db'), deps);
    open.push(catalogue);
    return catalogue;
  };
  try {
    await use(again(), again);
  } finally {
    for (const catalogue of open) catalogue.close();
    rmSync(folder, { recursive: true });
  }
}

const accepted = (deviceId: string, body: string) => ({ deviceId, body, enqueuedAt: now.toISOString() });
const rejection = (code: string) => ({ code, message: 'why', bytes: 1 });

async function accept(catalogue: SqliteCatalogue, through: number, ...events: ReturnType<typeof accepted>[]) {
  await catalogue.accept({ through, events, rejections: [] });
}

async function next(catalogue: SqliteCatalogue, busy: readonly string[] = []): Promise<WaitingEvent> {
  const event = await catalogue.nextDue(far, busy);
  assert.ok(event, 'an event is due');
  return event;
}

function batchOf(device: string, more: Partial<Manifest['archives'][number]> = {}) {
  const archive = {
    ...{ archiveId: newId('arc'), caseId: newId('case'), tier: 'study' as const, sha256: 'a'.repeat(64), bytes: 10 },
    ...{ files: 1, blob: `${device}/x`, study: { maps: 1, points: 2, lesions: 3 }, keys: {} as never },
    ...more,
  };
  const manifest: Manifest = { v: 1, batch: newId('bat'), device, createdAt: now.toISOString(), archives: [archive] };
  return { manifest, chunks: new Map([[archive.archiveId, 7]]) };
}

const sign: SignReceipt = async (draft) => JSON.stringify(draft);

test('events, rejections and checkpoint are one; what is accepted survives', async () => {
  await withCatalogue(async (catalogue, again) => {
    const rejections = [{ ...rejection('UNKNOWN_KIND'), sequence: 2, deviceId: 'dev-1', messageId: 'm' }];
    await catalogue.accept({ through: 2, events: [accepted('dev-1', 'a.b.c')], rejections });
    catalogue.close();
    const reopened = again();
    assert.equal(await reopened.checkpoint(), 2);
    assert.equal((await next(reopened)).body, 'a.b.c');
    assert.deepEqual(
      (await reopened.reader.rejections()).map(({ rejectedAt: _, ...row }) => row),
      rejections,
    );
    await reopened.resetCheckpoint();
    assert.equal(await reopened.checkpoint(), 0);
  });
});

test('the same bytes while they wait are one event, and are tried at once', async () => {
  await withCatalogue(async (catalogue) => {
    await accept(catalogue, 1, accepted('dev-1', 'a.b.c'));
    await catalogue.postpone(await next(catalogue), now, far);
    assert.equal(await catalogue.nextDue(new Date(), []), undefined);
    assert.equal((await catalogue.nextDueAt([]))?.getTime(), far.getTime());
    await accept(catalogue, 2, accepted('dev-1', 'a.b.c'), accepted('dev-2', 'a.b.c'));
    const event = await next(catalogue);
    assert.deepEqual([event.attempts, event.firstFailedAt], [1, now.toISOString()]);
    assert.equal((await next(catalogue, ['dev-1'])).deviceId, 'dev-2');
    assert.equal(await catalogue.nextDue(far, ['dev-1', 'dev-2']), undefined);
  });
});

test('a device that floods fills its own inbox only', async () => {
  await withCatalogue(async (catalogue) => {
    await accept(catalogue, 5, ...['1', '2', '3', '4', '5'].map((body) => accepted('dev-1', body)));
    await accept(catalogue, 6, accepted('dev-2', '1'));
    assert.equal((await next(catalogue, ['dev-1'])).deviceId, 'dev-2');
    const codes = (await catalogue.reader.rejections()).map(({ code }) => code);
    assert.deepEqual(codes, ['INBOX_FULL', 'INBOX_FULL']);
  });
});

test('records of rejections are bounded', async () => {
  await withCatalogue(async (catalogue) => {
    const rejections = ['1', '2', '3', '4', '5'].map(rejection);
    await catalogue.accept({ through: 5, events: [], rejections });
    assert.deepEqual(
      (await catalogue.reader.rejections()).map(({ code }) => code),
      ['3', '4', '5'],
    );
  });
});

test('a batch is entered whole: receipt, chain, case, archive and answer, and its event is gone', async () => {
  await withCatalogue(async (catalogue) => {
    const batch = batchOf('dev-1');
    await accept(catalogue, 1, accepted('dev-1', 'a.b.c'));
    assert.equal(await catalogue.storeBatch(await next(catalogue), batch, now, sign), 'stored');
    assert.equal(await catalogue.isInboxEmpty(), true);
    const [device] = await catalogue.reader.devices();
    const [receipt] = await catalogue.reader.receipts('dev-1');
    assert.equal(device?.headSha256, sha256(receipt?.jws ?? ''));
    assert.equal(JSON.parse(receipt?.jws ?? '').previous, null);
    const [answer] = await catalogue.answersFor('dev-1');
    assert.deepEqual(answer?.content, { kind: 'receipt', jws: receipt?.jws });
    assert.equal((await catalogue.reader.archives())[0]?.chunks, 7);

    await accept(catalogue, 2, accepted('dev-1', 'd.e.f'));
    await catalogue.storeBatch(await next(catalogue), batchOf('dev-1'), now, sign);
    const [, second] = await catalogue.reader.receipts('dev-1');
    assert.equal(JSON.parse(second?.jws ?? '').previous, sha256(receipt?.jws ?? ''));
  });
});

test('a batch that cannot be entered whole is not entered at all', async () => {
  await withCatalogue(async (catalogue) => {
    await accept(catalogue, 1, accepted('dev-1', 'a.b.c'));
    const event = await next(catalogue);
    const failing = async () => {
      throw new Error('the signer is gone');
    };
    await assert.rejects(catalogue.storeBatch(event, batchOf('dev-1'), now, failing), /signer/);
    const batch = batchOf('dev-1');
    await catalogue.storeBatch(event, batch, now, sign);
    await accept(catalogue, 2, accepted('dev-1', 'd.e.f'));
    const { archiveId } = batch.manifest.archives[0] ?? assert.fail();
    const impostor = batchOf('dev-1', { archiveId, sha256: 'b'.repeat(64) });
    const stored = catalogue.storeBatch(await next(catalogue), impostor, now, sign);
    await assert.rejects(stored, { code: 'ARCHIVE_ID_REUSED' });
    assert.equal((await catalogue.reader.receipts('dev-1')).length, 1);
    assert.equal((await catalogue.reader.cases()).length, 1);
    assert.equal(await catalogue.isInboxEmpty(), false);
  });
});

test('a batch that has its answer is told again, whether receipt or refusal', async () => {
  await withCatalogue(async (catalogue) => {
    const batch = batchOf('dev-1');
    const again = async (body: string) => {
      await accept(catalogue, 9, accepted('dev-1', body));
      return next(catalogue);
    };
    await catalogue.storeBatch(await again('1'), batch, now, sign);
    const [answer] = await catalogue.answersFor('dev-1');
    assert.ok(answer);
    await catalogue.markDelivered(answer, now);
    assert.deepEqual(await catalogue.devicesToTell(), []);
    assert.equal(await catalogue.storeBatch(await again('2'), batch, now, sign), 'repeated');
    assert.deepEqual(await catalogue.devicesToTell(), ['dev-1']);
    await catalogue.markDeclined(answer, 409);
    assert.deepEqual(await catalogue.answersFor('dev-1'), []);
    assert.equal(await catalogue.repeatAnswer(await again('3'), batch.manifest.batch), true);
    assert.equal((await catalogue.answersFor('dev-1')).length, 1);
    assert.equal(await catalogue.repeatAnswer(await again('4'), newId('bat')), false);

    const refused = newId('bat');
    await catalogue.refuseBatch(await next(catalogue), refused, rejection('DIGEST_MISMATCH'));
    assert.equal(await catalogue.refuseBatch(await again('5'), refused, rejection('OTHER')), 'repeated');
    const [, refusal] = await catalogue.answersFor('dev-1');
    assert.deepEqual(refusal?.content, { kind: 'refusal', code: 'DIGEST_MISMATCH', message: 'why' });
  });
});

test('two devices may choose the same case id; asking for it by id alone says so', async () => {
  await withCatalogue(async (catalogue) => {
    const caseId = newId('case');
    for (const device of ['dev-1', 'dev-2']) {
      await accept(catalogue, 1, accepted(device, device));
      await catalogue.storeBatch(await next(catalogue), batchOf(device, { caseId }), now, sign);
    }
    await assert.rejects(catalogue.reader.caseById(caseId), { code: 'CASE_AMBIGUOUS' });
    assert.equal((await catalogue.reader.caseById(caseId, 'dev-2'))?.deviceId, 'dev-2');
    assert.equal((await catalogue.reader.cases()).length, 2);
    assert.equal((await catalogue.reader.cases())[0]?.archives.length, 1);
  });
});

test('findings that came before cases were noted with them are found again, and those of withdrawn cases erased', async (t) => {
  const path = join(temporaryFolder(t), 'catalogue.db');
  const before = openStore(
    path,
    catalogueMigrations.filter(({ version }) => version < 1006),
  );
  before.exec(`INSERT INTO devices VALUES ('d', 1, NULL, 't'); INSERT INTO receipts VALUES ('d', 1, 'b', 'jws', 't');
    INSERT INTO withdrawals VALUES ('d', 'case-gone', '{}', 'jws')`);
  const item = before.prepare("INSERT INTO items VALUES (NULL, 'd', ?, 'findings', 't', 's', 'b', 't', ?)");
  for (const [id, body] of [
    ['gone', '{"v":1,"caseId":"case-gone"}'],
    ['kept', '{"v":1,"caseId":"case-kept"}'],
    ['odd', 'no JSON'],
  ] as const) {
    item.run(id, Buffer.from(body));
  }
  before.close();
  new SqliteCatalogue(path, { clock: systemClock, keepRejected: 3, maxWaitingPerDevice: 3 }).close();
  const now = openReader(path);
  t.after(() => now.close());
  assert.deepEqual(now.prepare('SELECT item_id, case_id FROM items ORDER BY item_id').raw().all(), [
    ['kept', 'case-kept'],
    ['odd', null],
  ]);
});

test('what was erased is not forgotten while somebody still reads it, and then it is', async (t) => {
  const path = join(temporaryFolder(t), 'catalogue.db');
  const catalogue = new SqliteCatalogue(path, { clock: systemClock, keepRejected: 3, maxWaitingPerDevice: 3 });
  t.after(() => catalogue.close());
  const reader = openReader(path);
  t.after(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM devices').get();
  await accept(catalogue, 1, accepted('dev-1', 'what is to be forgotten'));
  await assert.rejects(catalogue.forgetErased(), { code: 'IN_USE' });
  reader.exec('COMMIT');
  await catalogue.forgetErased();
  assert.equal(readFileSync(`${path}-wal`).length, 0);
});
