import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { openReader, openStore, readPragma } from '../core/database.ts';
import { silentLog } from '../core/log.ts';
import { newId, type Tier } from '../protocol/ids.ts';
import { Ledger, openLedgerReader } from '../uploader/index.ts';
import { ledgerMigrations } from '../uploader/ledger-schema.ts';
import { writeArchive } from '../uploader/testing/archive.ts';
import { CourierWorld, until } from '../uploader/testing/world.ts';
import { mutantAppliance } from './harness/mutant.ts';

const newest = ledgerMigrations.at(-1)?.version ?? 0;

/** One more step that only adds, as the next release may have it, and that is in use: it notes every case. */
const nextRelease = {
  file: 'uploader/ledger-store.ts',
  from: 'openStore(path, ledgerMigrations)',
  to: `openStore(path, [...ledgerMigrations, { version: ${newest + 1}, sql: \`
    ALTER TABLE cases ADD COLUMN of_next TEXT NOT NULL DEFAULT 'next';
    ALTER TABLE archives ADD COLUMN of_next TEXT;
    CREATE TABLE of_next (case_id TEXT PRIMARY KEY) STRICT;
    CREATE TRIGGER of_next_case AFTER INSERT ON cases BEGIN INSERT INTO of_next VALUES (new.case_id); END;
  \` }])`,
};

interface Acknowledged {
  readonly caseId: string;
  readonly item: string;
  readonly id: string;
}

/** The next release, as a process that is killed in the middle of its work once so much was acknowledged. */
async function killedAfter(count: number, world: CourierWorld, main: string): Promise<Acknowledged[]> {
  const script = join(dirname(main), '../uploader/testing/seal-forever.ts');
  const key = Buffer.from(world.storageKey.secret).toString('hex');
  const child = spawn(process.execPath, [script, world.folder, key], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: Acknowledged[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    // A line that was cut in its middle is no acknowledgement.
    if (line.endsWith('}')) acknowledged.push(JSON.parse(line) as Acknowledged);
    if (acknowledged.length === count) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL');
  return acknowledged;
}

/** A courier's world whose ledger is closed, to be written by somebody else. */
async function closedWorld(t: TestContext): Promise<CourierWorld> {
  const world = await CourierWorld.make(t);
  await world.courier.stop();
  await world.ledger.close();
  return world;
}

/** Opens the ledger with this release and delivers what is in it. */
async function deliver(world: CourierWorld, cases: readonly string[]): Promise<void> {
  world.ledger = await Ledger.open({ path: join(world.folder, 'ledger.db'), log: silentLog });
  world.courier = world.newCourier();
  await world.start();
  await until('every case is delivered', () => cases.every((caseId) => world.delivered.includes(caseId)));
}

function versionOf(world: CourierWorld): unknown {
  const db = openReader(join(world.folder, 'ledger.db'));
  const version = readPragma(db, 'user_version');
  db.close();
  return version;
}

test('MIGRATE-01: the next release migrates, acknowledges 100 cases and is killed; this one starts on its schema and delivers them all', async (t) => {
  const next = mutantAppliance([nextRelease]);
  t.after(() => next.remove());
  const world = await closedWorld(t);
  assert.equal(versionOf(world), newest);
  const acknowledged = await killedAfter(100, world, next.main);
  assert.ok(acknowledged.length >= 100);
  assert.equal(versionOf(world), newest + 1, 'the next release has migrated it');
  await deliver(
    world,
    acknowledged.map(({ caseId }) => caseId),
  );
  assert.equal(versionOf(world), newest + 1, 'nothing is taken back');
  const { outbox, audit } = world.ledger.read;
  const items = () => outbox.counts().find(({ kind }) => kind === 'safety');
  assert.ok((items()?.enqueued ?? 0) >= acknowledged.length);
  await until('every item is delivered', () => items()?.delivered === items()?.enqueued);
  const records = new Set([...audit.after(0)].map(({ id }) => id));
  assert.deepEqual(
    acknowledged.filter(({ id }) => !records.has(id)),
    [],
  );
  assert.equal(audit.verify().ok, true);
  // And it goes on working there.
  const { caseId } = await world.seal({ review: 1000 });
  await until('a case of this release is delivered', () => world.delivered.includes(caseId));
});

/** Columns that every schema of this major version has. */
async function rowsOfOldest(world: CourierWorld, path: string, version: number): Promise<string[]> {
  const db = openStore(
    path,
    ledgerMigrations.filter((step) => step.version <= version),
  );
  const insertCase = db.prepare(
    `INSERT INTO cases (case_id, entry_key, signature, source_sealed, fingerprint, files, source_bytes, stage,
       detected_at, maps, points, lesions) VALUES (?, ?, 'signature', x'00', 'fingerprint', 3, 100, ?, '2026-01-01T00:00:00.000Z', 1, 2, 3)`,
  );
  const insertArchive = db.prepare(
    `INSERT INTO archives (archive_id, case_id, tier, file, keys_file, sha256, bytes, files, batch_id)
     VALUES (@archiveId, @caseId, @tier, @file, @keysFile, @sha256, @bytes, @files, @batch)`,
  );
  const ids: string[] = [];
  for (const [stage, state] of [
    ['sealed', undefined],
    ['batched', 'uploading'],
    ['uploading', 'uploading'],
  ] as const) {
    const caseId = newId('case');
    ids.push(caseId);
    insertCase.run(caseId, `entry of ${caseId}`, stage);
    for (const tier of ['review', 'study'] satisfies Tier[]) {
      const batch = state && tier === 'review' ? newId('bat') : null;
      if (batch) {
        const insert = `INSERT INTO batches (batch_id, tier, state, created_at) VALUES (?, ?, ?, '2026-01-01T00:00:00.000Z')`;
        db.prepare(insert).run(batch, tier, state);
      }
      insertArchive.run({ ...(await writeArchive(world, { caseId, tier, bytes: 1500 })), caseId, batch });
    }
  }
  db.close();
  return ids;
}

for (const { version } of ledgerMigrations) {
  test(`MIGRATE-02: a ledger of schema ${version}, with cases at every stage, is opened and delivered by this release`, async (t) => {
    const world = await closedWorld(t);
    const path = join(world.folder, 'ledger.db');
    rmSync(path);
    const ids = await rowsOfOldest(world, path, version);
    assert.equal(versionOf(world), version);
    await deliver(world, ids);
    assert.equal(versionOf(world), newest);
    assert.equal(world.ledger.read.receipts().length > 0, true);
  });
}

test('MIGRATE-03: a ledger of a newer major release is refused with what to do, by whoever opens it, and stays as it is', async (t) => {
  const world = await closedWorld(t);
  const path = join(world.folder, 'ledger.db');
  const db = openStore(path, ledgerMigrations);
  db.pragma('user_version = 2000');
  db.close();
  const before = readFileSync(path);
  const refused = {
    code: 'SCHEMA_TOO_NEW',
    message: /schema 2000, this release knows up to \d+/,
    hint: /newer release/,
  };
  await assert.rejects(Ledger.open({ path, log: silentLog }), refused);
  assert.throws(() => openLedgerReader(path), refused);
  assert.deepEqual(readFileSync(path), before);
});
