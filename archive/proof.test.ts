import assert from 'node:assert/strict';
import { copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { SealedArchive } from './archive-build.ts';
import { buildArchive } from './build.ts';
import { defaultProofLimits } from './proof.ts';
import { proveArchive } from './prove-archive.ts';
import { copyOf, flipByte, tamper, vouchFor } from './testing/forgery.ts';
import { mixedFiles, orderOf, tempFolder } from './testing/studies.ts';

const inputs = mixedFiles().map(({ name, kind, bytes }) => ({ name, kind, pieces: [bytes] }));

const sealMixed = (folder: string): Promise<SealedArchive> => buildArchive(orderOf(folder, inputs));

test('proves an honest archive without a key, while the event loop stays free', async () => {
  using folder = tempFolder();
  const sealed = await sealMixed(folder.path);
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 5);
  const proof = await proveArchive(sealed.path, sealed);
  clearInterval(ticking);
  assert.deepEqual(proof, { archiveId: sealed.archiveId, tier: 'study', chunks: 9, isDelta: false, isWhole: true });
  assert.ok(turns > 1);
});

test('the digest comes first: a flipped bit anywhere, a byte more or less', async () => {
  using folder = tempFolder();
  const sealed = await sealMixed(folder.path);
  for (const position of [0, 18, 96, 700, 16_300, 40_000, sealed.bytes >> 1, sealed.bytes - 1]) {
    flipByte(sealed.path, position);
    await assert.rejects(proveArchive(sealed.path, sealed), { code: 'DIGEST_MISMATCH' });
    flipByte(sealed.path, position);
  }
  const copy = copyOf(sealed.path);
  for (const bytes of [sealed.bytes - 1, sealed.bytes + 1, 0]) {
    truncateSync(copy, bytes);
    await assert.rejects(proveArchive(copy, sealed), { code: 'DIGEST_MISMATCH' });
    copyFileSync(sealed.path, copy);
  }
  await proveArchive(copy, sealed);
});

// biome-ignore format: one ruin per row
const ruins: readonly (readonly [string, string])[] = [
  ['SCHEMA_DIFFERS', 'CREATE TABLE extra (a)'],
  ['SCHEMA_DIFFERS', 'CREATE TRIGGER t AFTER INSERT ON chunk BEGIN SELECT 1; END'],
  ['SCHEMA_DIFFERS', 'CREATE VIEW v AS SELECT 1'],
  ['DAMAGED',        'DELETE FROM chunk WHERE n = 4'],
  ['LIMIT_EXCEEDED', 'UPDATE chunk SET sealed = zeroblob(1100000) WHERE n = 5'],
  ['NOT_AN_ARCHIVE', 'PRAGMA user_version = 2000'],
  ['NOT_AN_ARCHIVE', 'PRAGMA application_id = 7'],
];

test('what the sender vouches for is still not believed', async () => {
  using folder = tempFolder();
  const { path } = await sealMixed(folder.path);
  for (const [code, sql] of ruins) {
    const copy = copyOf(path);
    tamper(copy, (db) => db.exec(sql));
    await assert.rejects(proveArchive(copy, vouchFor(copy)), { code }, sql);
  }
  writeFileSync(path, 'x'.repeat(5000));
  await assert.rejects(proveArchive(path, vouchFor(path)), { code: 'NOT_AN_ARCHIVE' });
  await assert.rejects(proveArchive(`${path}.gone`, { sha256: 'x', bytes: 1 }), { code: 'FILE_MISSING' });
});

test('pages that contradict each other are found: an overflow chain that is cut', async () => {
  using folder = tempFolder();
  const { path, bytes } = await sealMixed(folder.path);
  // The first four bytes of an overflow page name the next one (SQLite file format, 1.6); half-way in there are many.
  const page = Math.floor(bytes / 16_384 / 2);
  flipByte(path, page * 16_384 + 3, 0);
  await assert.rejects(proveArchive(path, vouchFor(path)), { code: 'DAMAGED' });
});

test('bytes, chunks and time are limited', async () => {
  using folder = tempFolder();
  const sealed = await sealMixed(folder.path);
  for (const limit of [{ maxBytes: sealed.bytes - 1 }, { maxChunks: 8 }, { deadlineMs: 1 }]) {
    const limits = { ...defaultProofLimits, ...limit };
    await assert.rejects(proveArchive(sealed.path, { ...sealed, limits }), { code: 'LIMIT_EXCEEDED' });
  }
  const exact = { maxBytes: sealed.bytes, maxChunks: 9, deadlineMs: 60_000 };
  await proveArchive(sealed.path, { ...sealed, limits: exact });
});
