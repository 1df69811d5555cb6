import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { openBuild } from '../core/database.ts';
import { codeOf } from '../core/errors.ts';
import { newId } from '../protocol/ids.ts';
import type { SealedArchive } from './archive-build.ts';
import { ArchiveError } from './archive-error.ts';
import { buildArchive } from './build.ts';
import { applicationId, formatVersion, keysPathOf, maxChunkBytes } from './format.ts';
import { openArchive } from './reader.ts';
import { copyOf, entryOf, flipByte, forge, indexOf, tamper } from './testing/forgery.ts';
import { mixedFiles, noise, orderOf, readAll, secretKey, tempFolder } from './testing/studies.ts';

const contents = mixedFiles();
const bytesOf = new Map(contents.map(({ name, bytes }) => [name, bytes]));
const inputs = contents.map(({ name, kind, bytes }) => ({ name, kind, pieces: [bytes] }));

const sealMixed = (folder: string): Promise<SealedArchive> => buildArchive(orderOf(folder, inputs));

/** Opens, reads everything, says how it ended: the error's code, or whether every byte was right. */
async function readEverything(path: string): Promise<string> {
  try {
    const reader = await openArchive(path, secretKey);
    try {
      for (const { name } of reader.files) {
        if (!bytesOf.get(name)?.equals(await readAll(reader, name))) return 'wrong bytes';
      }
      return reader.files.length === bytesOf.size ? 'intact' : 'files missing';
    } finally {
      reader.close();
    }
  } catch (error) {
    return error instanceof ArchiveError ? error.code : `not an ArchiveError: ${String(error)}`;
  }
}

test('a flipped bit anywhere is refused, or lies where no content is: never a wrong byte', async () => {
  using folder = tempFolder();
  const { path, bytes } = await sealMixed(folder.path);
  const copy = copyOf(path);
  const header = Array.from({ length: 100 }, (_, n) => n);
  const schemaPage = Array.from({ length: 20 }, (_, n) => 16_384 - 1 - n * 40);
  const spread = Array.from({ length: 100 }, (_, n) => 16_384 + Math.floor(((bytes - 16_384) * n) / 100) + (n % 7));
  const tally: Record<string, number> = {};
  for (const [n, position] of [...header, ...schemaPage, ...spread].entries()) {
    flipByte(copy, position, n % 8);
    const outcome = await readEverything(copy);
    tally[outcome] = (tally[outcome] ?? 0) + 1;
    flipByte(copy, position, n % 8);
  }
  console.log(`flips: ${JSON.stringify(tally)}`);
  const known = ['DAMAGED', 'NOT_AN_ARCHIVE', 'SCHEMA_DIFFERS', 'LIMIT_EXCEEDED', 'FILE_MISSING', 'intact'];
  assert.deepEqual(
    Object.keys(tally).filter((outcome) => !known.includes(outcome)),
    [],
  );
  assert.ok((tally.DAMAGED ?? 0) > 90);
  assert.equal(await readEverything(copy), 'intact');
});

test('a flipped bit inside a sealed chunk, its tag or the sealed index is DAMAGED', async () => {
  using folder = tempFolder();
  const { path } = await sealMixed(folder.path);
  const copy = copyOf(path);
  const sealed = new Map<number, Buffer>();
  tamper(copyOf(path), (db) => {
    for (const row of db.prepare('SELECT n, sealed FROM chunk').all() as { n: number; sealed: Buffer }[]) {
      sealed.set(row.n, row.sealed);
    }
  });
  const file = readFileSync(copy);
  for (const [n, blob] of sealed) {
    for (const piece of [blob.subarray(0, 24), blob.subarray(-12)]) {
      const position = file.indexOf(piece);
      assert.ok(position > 0, `chunk ${n} found in the file`);
      flipByte(copy, position + 5);
      assert.equal(await readEverything(copy), 'DAMAGED');
      flipByte(copy, position + 5);
    }
  }
  assert.equal(sealed.size, 9);
});

test('a truncated or lengthened file is refused', async () => {
  using folder = tempFolder();
  const { path, bytes } = await sealMixed(folder.path);
  for (const left of [0, 50, 16_384, bytes - 16_384, bytes - 1, bytes + 16_384]) {
    const copy = copyOf(path);
    truncateSync(copy, left);
    await assert.rejects(openArchive(copy, secretKey), (error) =>
      ['DAMAGED', 'NOT_AN_ARCHIVE'].includes(codeOf(error) ?? ''),
    );
  }
});

// biome-ignore format: one ruin per row
const ruins: readonly (readonly [string, string, string])[] = [
  ['a further table',          'SCHEMA_DIFFERS', 'CREATE TABLE extra (a)'],
  ['a table of a long text',   'SCHEMA_DIFFERS', `CREATE TABLE extra (a /* ${'x'.repeat(2000)} */)`],
  ['a trigger',                'SCHEMA_DIFFERS', 'CREATE TRIGGER t AFTER INSERT ON chunk BEGIN SELECT 1; END'],
  ['a view',                   'SCHEMA_DIFFERS', 'CREATE VIEW v AS SELECT 1'],
  ['an index',                 'SCHEMA_DIFFERS', 'CREATE INDEX i ON chunk (sealed)'],
  ['a view in place of chunk', 'SCHEMA_DIFFERS', 'ALTER TABLE chunk RENAME TO c; CREATE VIEW chunk AS SELECT n, sealed FROM c'],
  ['a renamed column',         'SCHEMA_DIFFERS', 'ALTER TABLE archive RENAME COLUMN tier TO rank'],
  ['a further column',         'SCHEMA_DIFFERS', 'ALTER TABLE archive ADD COLUMN more TEXT'],
  ['no identity',              'DAMAGED',        'DELETE FROM archive'],
  ['two identities',           'DAMAGED',        'INSERT INTO archive SELECT * FROM archive'],
  ['an identity too long',     'DAMAGED',        "UPDATE archive SET archive_id = hex(zeroblob(4000000))"],
  ['another format name',      'DAMAGED',        "UPDATE archive SET format = 'vestibule-case/2'"],
  ['another tier',             'DAMAGED',        "UPDATE archive SET tier = 'review'"],
  ['another archive id',       'DAMAGED',        "UPDATE archive SET archive_id = 'arc-aaaaaaaaaaaaaaaaaaaa'"],
  ['the last chunk gone',      'DAMAGED',        'DELETE FROM chunk WHERE n = 8'],
  ['the first chunk gone',     'DAMAGED',        'DELETE FROM chunk WHERE n = 0'],
  ['a middle chunk gone',      'DAMAGED',        'DELETE FROM chunk WHERE n = 4'],
  ['a gap closed again',       'DAMAGED',        'DELETE FROM chunk WHERE n = 4; UPDATE chunk SET n = n - 1 WHERE n > 4'],
  ['no chunk at all',          'DAMAGED',        'DELETE FROM chunk'],
  ['two chunks swapped',       'DAMAGED',        'UPDATE chunk SET n = 99 WHERE n = 5; UPDATE chunk SET n = 5 WHERE n = 6; UPDATE chunk SET n = 6 WHERE n = 99'],
  ['a chunk twice',            'DAMAGED',        'UPDATE chunk SET sealed = (SELECT sealed FROM chunk WHERE n = 5) WHERE n = 6'],
  ['the index further back',   'DAMAGED',        'INSERT INTO chunk SELECT 9, sealed FROM chunk WHERE n = 8'],
  ['an empty chunk',           'DAMAGED',        "UPDATE chunk SET sealed = x'' WHERE n = 5"],
  ['a chunk number below 0',   'DAMAGED',        'UPDATE chunk SET n = -1 WHERE n = 0'],
  ['an oversized chunk',       'LIMIT_EXCEEDED', 'UPDATE chunk SET sealed = zeroblob(1100000) WHERE n = 5'],
  ['an oversized index',       'LIMIT_EXCEEDED', 'UPDATE chunk SET sealed = zeroblob(68000000) WHERE n = 8'],
];

test('whatever is changed with SQLite, without a key, is refused', async (context) => {
  using folder = tempFolder();
  const { path } = await sealMixed(folder.path);
  for (const [what, code, sql] of ruins) {
    await context.test(what, async () => {
      const copy = copyOf(path);
      tamper(copy, (db) => db.exec(sql));
      assert.equal(await readEverything(copy), code);
      unlinkSync(copy);
    });
  }
  const untouched = copyOf(path);
  tamper(untouched, () => {});
  assert.equal(await readEverything(untouched), 'intact', 'the method itself changes nothing');
});

test('another application id, version or kind of file is NOT_AN_ARCHIVE; no file is FILE_MISSING', async () => {
  using folder = tempFolder();
  const { path } = await sealMixed(folder.path);
  for (const pragma of ['application_id = 7', 'user_version = 2000', 'user_version = 1002']) {
    const copy = copyOf(path);
    tamper(copy, (db) => db.pragma(pragma));
    await assert.rejects(openArchive(copy, secretKey), { code: 'NOT_AN_ARCHIVE' });
  }
  const other = `${path}.txt`;
  writeFileSync(other, 'not a database'.repeat(50));
  await assert.rejects(openArchive(other, secretKey), { code: 'NOT_AN_ARCHIVE' });
  await assert.rejects(openArchive(`${path}.gone`, secretKey), { code: 'FILE_MISSING' });
});

test('a file that asks for a WAL is refused before SQLite sees it', async () => {
  using folder = tempFolder();
  const { path } = await sealMixed(folder.path);
  const bytes = readFileSync(path);
  bytes[18] = bytes[19] = 2;
  writeFileSync(path, bytes);
  await assert.rejects(openArchive(path, secretKey), { code: 'NOT_AN_ARCHIVE' });
  assert.throws(() => statSync(`${path}-wal`), { code: 'ENOENT' });
});

test('pages that nothing uses, where anything could hide, are refused', async () => {
  using folder = tempFolder();
  const { path } = await sealMixed(folder.path);
  const db = openBuild(path, { applicationId, version: formatVersion });
  db.exec('CREATE TABLE extra (a); INSERT INTO extra VALUES (randomblob(100000)); DROP TABLE extra');
  db.close();
  await assert.rejects(openArchive(path, secretKey), { code: 'DAMAGED', message: /nothing uses/ });
});

test('two archives cannot trade chunks or indexes', async () => {
  using folder = tempFolder();
  const [one, two] = [await sealMixed(folder.path), await sealMixed(folder.path)];
  for (const n of [0, 5, 8]) {
    const copy = copyOf(one.path);
    tamper(copy, (db) => {
      db.prepare('ATTACH ? AS other').run(two.path);
      db.prepare('UPDATE chunk SET sealed = (SELECT sealed FROM other.chunk WHERE n = $n) WHERE n = $n').run({ n });
      db.exec('DETACH other');
    });
    assert.equal(await readEverything(copy), 'DAMAGED');
  }
});

test('a wrong key, a wrong secret under the right name, foreign or missing keys open nothing', async () => {
  using folder = tempFolder();
  const [one, two] = [await sealMixed(folder.path), await sealMixed(folder.path)];
  const secret = Buffer.alloc(32, 8);
  await assert.rejects(openArchive(one.path, { kid: 'other', secret }), { code: 'NOT_A_RECIPIENT' });
  await assert.rejects(openArchive(one.path, { kid: 'at-rest', secret }), { code: 'NOT_A_RECIPIENT' });
  const swapped = copyOf(one.path);
  writeFileSync(keysPathOf(swapped), readFileSync(two.keysPath));
  await assert.rejects(openArchive(swapped, secretKey), { code: 'DAMAGED', message: /of another archive/ });
  const { keys } = JSON.parse(readFileSync(two.keysPath, 'utf8'));
  await assert.rejects(openArchive(one.path, secretKey, keys), { code: 'DAMAGED' });
  unlinkSync(one.keysPath);
  await assert.rejects(openArchive(one.path, secretKey), { code: 'FILE_MISSING' });
  writeFileSync(one.keysPath, '{"v":1}');
  await assert.rejects(openArchive(one.path, secretKey), { code: 'DAMAGED' });
});

test('the envelope of a manifest opens it without a sidecar', async () => {
  using folder = tempFolder();
  const { path, keysPath } = await sealMixed(folder.path);
  const { keys } = JSON.parse(readFileSync(keysPath, 'utf8'));
  unlinkSync(keysPath);
  const reader = await openArchive(path, secretKey, keys);
  assert.equal(reader.files.length, 62);
  await assert.rejects(readAll(reader, 'no-such-file'), { code: 'FILE_MISSING' });
  reader.close();
});

test('an index that lies is refused, even by someone who has the key', async (context) => {
  using folder = tempFolder();
  const bytes = noise(1000);
  const good = entryOf('a', bytes);
  // biome-ignore format: one lie per row
  const lies: readonly (readonly [string, string, readonly unknown[], number?])[] = [
    ['a name that climbs',          'UNSAFE_NAME',    [entryOf('../../etc/passwd', bytes)]],
    ['an absolute name',            'UNSAFE_NAME',    [entryOf('/etc/passwd', bytes)]],
    ['a name that climbs inside',   'UNSAFE_NAME',    [entryOf('a/../../b', bytes)]],
    ['a name with a backslash',     'UNSAFE_NAME',    [entryOf('..\\b', bytes)]],
    ['a name with an escape code',  'UNSAFE_NAME',    [entryOf('a\u001b[2J', bytes)]],
    ['a name with a NUL',           'UNSAFE_NAME',    [entryOf('a\u0000b', bytes)]],
    ['a name twice',                'UNSAFE_NAME',    [good, good]],
    ['a file that is a folder too', 'UNSAFE_NAME',    [entryOf('a/b', bytes), good]],
    ['another number of chunks',    'DAMAGED',        [good], 3],
    ['a place in the index itself', 'DAMAGED',        [entryOf('a', bytes, { places: [[1, 0, 1000]] })]],
    ['a place past a chunk',        'DAMAGED',        [entryOf('a', bytes, { places: [[0, maxChunkBytes - 1, 1000]] })]],
    ['a place before a chunk',      'DAMAGED',        [entryOf('a', bytes, { places: [[0, -1, 1000]] })]],
    ['lengths that do not add up',  'DAMAGED',        [entryOf('a', bytes, { bytes: 1001 })]],
    ['a length that is no number',  'DAMAGED',        [entryOf('a', bytes, { bytes: '1000' })]],
    ['a field that is not known',   'DAMAGED',        [entryOf('a', bytes, { link: '/etc' })]],
    ['bytes told many times over',  'LIMIT_EXCEEDED', Array.from({ length: 1100 }, (_, n) => entryOf(`f${n}`, bytes))],
  ];
  for (const [what, code, files, chunks] of lies) {
    await context.test(what, async () => {
      const { path, envelope } = await forge(folder.path, [bytes], (identity) => indexOf(identity, files, chunks));
      await assert.rejects(openArchive(path, secretKey, envelope), { code });
    });
  }
  const honest = await forge(folder.path, [bytes], (identity) => indexOf(identity, [good]));
  const reader = await openArchive(honest.path, secretKey, honest.envelope);
  assert.ok((await readAll(reader, 'a')).equals(bytes), 'the forge can be honest');
  reader.close();
});

test('content that lies is refused while it is read', async () => {
  using folder = tempFolder();
  const bytes = noise(1000);
  const bomb = Buffer.alloc(maxChunkBytes + 1);
  // biome-ignore format: one lie per row
  const lies = [
    ['DAMAGED',        bytes,                 entryOf('a', noise(1000, 2))],
    ['DAMAGED',        bytes.subarray(0, 99), entryOf('a', bytes)],
    ['LIMIT_EXCEEDED', bomb,                  entryOf('a', bytes)],
  ] as const;
  for (const [code, chunk, entry] of lies) {
    const { path, envelope } = await forge(folder.path, [chunk], (identity) => indexOf(identity, [entry]));
    const reader = await openArchive(path, secretKey, envelope);
    await assert.rejects(readAll(reader, 'a'), { code });
    reader.close();
  }
});

test('an index that is no JSON, no UTF-8 or names another archive is DAMAGED', async () => {
  using folder = tempFolder();
  const other = { archiveId: newId('arc'), tier: 'study' } as const;
  const indexes = [Buffer.from('{'), Buffer.from([0xff, 0xfe]), Buffer.alloc(0), indexOf(other, [], 1)];
  for (const index of indexes) {
    const { path, envelope } = await forge(folder.path, [], () => index);
    await assert.rejects(openArchive(path, secretKey, envelope), { code: 'DAMAGED' });
  }
});
