import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { openBuild, openReader, openSealed, openStore, readPragma } from './database.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestibule-database-'));
after(() => rmSync(folder, { recursive: true }));
const migrations = [{ version: 1000, sql: 'CREATE TABLE item (id INTEGER PRIMARY KEY) STRICT' }];

test('DURABLE-01: a store is WAL with synchronous FULL, and so is its reader', () => {
  const path = join(folder, 'store.db');
  const store = openStore(path, migrations);
  assert.equal(readPragma(store, 'journal_mode'), 'wal');
  assert.equal(readPragma(store, 'synchronous'), 2);
  assert.equal(readPragma(store, 'secure_delete'), 1);
  assert.equal(readPragma(store, 'trusted_schema'), 0);
  assert.equal(readPragma(store, 'temp_store'), 2);
  const reader = openReader(path);
  assert.equal(readPragma(reader, 'synchronous'), 2);
  assert.throws(() => reader.exec('DELETE FROM item'), /readonly/);
  reader.close();
  store.close();
});

test('DURABLE-01: the library alone would lower synchronous to NORMAL, so the read-back is needed', () => {
  const plain = new Database(join(folder, 'plain.db'));
  plain.pragma('journal_mode = wal');
  plain.exec('CREATE TABLE t (x)');
  assert.equal(plain.pragma('synchronous', { simple: true }), 1);
  plain.close();
});

test('DURABLE-03: nothing of a store is written beside it: a large savepoint makes no file in a temporary folder', () => {
  const store = openStore(join(folder, 'beside.db'), migrations);
  store.exec(
    'WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 100000) INSERT INTO item SELECT id FROM n',
  );
  const others = () =>
    readdirSync('/proc/self/fd')
      .map(targetOf)
      .filter((path) => path.endsWith('(deleted)'));
  store.exec('BEGIN; SAVEPOINT one; UPDATE item SET id = -id');
  assert.deepEqual(others(), []);
  store.exec('ROLLBACK TO one; COMMIT');
  const plain = new Database(join(folder, 'plain-beside.db'));
  plain.pragma('journal_mode = wal');
  plain.exec(
    'CREATE TABLE item AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 100000) SELECT id FROM n',
  );
  plain.exec('BEGIN; SAVEPOINT one; UPDATE item SET id = -id');
  assert.notDeepEqual(others(), [], 'the search sees what the library does by itself');
  plain.close();
  store.close();
});

/** What a descriptor of this process leads to. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}

test('a build has no journal, which the library ignores without unsafe mode', () => {
  const path = join(folder, 'build.partial');
  const build = openBuild(path, { applicationId: 0x12345678, version: 7 });
  assert.equal(readPragma(build, 'journal_mode'), 'off');
  assert.equal(readPragma(build, 'synchronous'), 2);
  assert.equal(readPragma(build, 'page_size'), 16384);
  build.exec('CREATE TABLE t (x)');
  build.close();
  const sealed = openSealed(path);
  assert.equal(readPragma(sealed, 'application_id'), 0x12345678);
  assert.equal(readPragma(sealed, 'user_version'), 7);
  assert.equal(readPragma(sealed, 'synchronous'), 2);
  sealed.close();
});

test('migrations run once and in order; a newer minor is used, a newer major refused', () => {
  const path = join(folder, 'migrate.db');
  openStore(path, migrations).close();
  const more = [...migrations, { version: 1001, sql: 'ALTER TABLE item ADD COLUMN name TEXT' }];
  const newer = openStore(path, more);
  assert.equal(readPragma(newer, 'user_version'), 1001);
  newer.close();
  openStore(path, migrations).close();
  openStore(path, [...more, { version: 2000, sql: 'CREATE TABLE other (id INTEGER)' }]).close();
  assert.throws(() => openStore(path, migrations), { code: 'SCHEMA_TOO_NEW' });
});

test('MIGRATE-05: all that is missing is one transaction, and until then a reader is told so', () => {
  const path = join(folder, 'at-once.db');
  const steps = [
    ...migrations,
    { version: 1001, sql: 'ALTER TABLE item ADD COLUMN name TEXT' },
    { version: 1002, sql: 'ALTER TABLE item ADD COLUMN size INTEGER' },
  ];
  const tooOld = { code: 'SCHEMA_TOO_OLD', hint: /starts/ };
  writeFileSync(path, '');
  assert.throws(() => openReader(path, steps), tooOld);
  openStore(path, migrations).close();
  assert.throws(() => openReader(path, steps), tooOld);
  // The last step fails: nothing of the others stays.
  assert.throws(() => openStore(path, [...steps, { version: 1003, sql: 'CREATE TABLE item (x)' }]), /already exists/);
  assert.throws(() => openReader(path, steps), /schema 1000, this release reads 1002/);
  openStore(path, steps).close();
  openReader(path, steps).close();
  // The release before reads what this one left.
  openReader(path, migrations).close();
});

test('a migration that fails leaves the schema as it was', () => {
  const path = join(folder, 'half.db');
  openStore(path, migrations).close();
  const bad = [...migrations, { version: 1001, sql: 'CREATE TABLE a (x); CREATE TABLE item (x)' }];
  assert.throws(() => openStore(path, bad), /already exists/);
  const again = openStore(path, migrations);
  assert.equal(readPragma(again, 'user_version'), 1000);
  assert.deepEqual(again.prepare("SELECT name FROM sqlite_schema WHERE name = 'a'").all(), []);
  again.close();
});
