import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Sha256 } from '../core/digest.ts';
import type { Envelope, RecipientKey } from '../core/envelope.ts';
import { passAlways } from '../core/gate-flag.ts';
import { newId } from '../protocol/ids.ts';
import { type BuildOrder, buildArchive } from './build.ts';
import { type BaseArchive, planDelta } from './delta.ts';
import { extractArchive } from './extract.ts';
import type { ArchiveIdentity } from './format.ts';
import { readKeysFile } from './keys-file.ts';
import { proveArchive } from './prove-archive.ts';
import { openArchive } from './reader.ts';
import { forge, indexOf } from './testing/forgery.ts';
import { mixedFiles, noise, orderOf, secretKey, type TestFile, tempFolder } from './testing/studies.ts';
import { wholeOf } from './whole.ts';

const filesOf = (change: Readonly<Record<string, Buffer>> = {}): TestFile[] => {
  const known = mixedFiles().map(({ name, kind, bytes }) => ({ name, kind, pieces: [change[name] ?? bytes] }));
  const names = new Set(known.map(({ name }) => name));
  const fresh = Object.entries(change).filter(([name]) => !names.has(name));
  return [...known, ...fresh.map(([name, bytes]) => ({ name, kind: 'point', pieces: [bytes] }))];
};

/** Seals files, and says what a ledger would remember of them. */
async function sealBase(folder: string, files: readonly TestFile[]) {
  const known = new Map<string, string>();
  const hooks = { onFile: ({ name, sha256 }: { name: string; sha256: string }) => void known.set(name, sha256) };
  const sealed = await buildArchive(orderOf(folder, files, { hooks }));
  const base: BaseArchive = {
    archiveId: sealed.archiveId,
    has: (name) => known.has(name),
    holds: (name, sha256) => known.get(name) === sha256,
  };
  return { sealed, base };
}

async function sealDelta(
  folder: string,
  files: readonly TestFile[],
  base: BaseArchive,
  more: Partial<BuildOrder> = {},
) {
  const order = orderOf(folder, files);
  const delta = await planDelta(order.study, order.tier, base, passAlways);
  assert.ok(delta);
  return buildArchive({ ...order, delta, ...more });
}

const changed = noise(3000, 9);

test('a delta holds what changed and what is new; with its base it is the whole study, byte for byte', async () => {
  using folder = tempFolder();
  const { sealed, base } = await sealBase(folder.path, filesOf());
  const now = filesOf({ 'map-1/point-0.txt': changed, 'map-1/new.txt': noise(100, 3), 'empty.txt': Buffer.alloc(0) });
  const delta = await sealDelta(folder.path, now, base);
  assert.equal(delta.files, 2);
  assert.equal(delta.base, sealed.archiveId);
  assert.ok(statSync(delta.path).size < statSync(sealed.path).size / 20);
  const proof = await proveArchive(delta.path, delta);
  assert.equal(proof.isDelta, true);

  const [first, second] = [await openArchive(sealed.path, secretKey), await openArchive(delta.path, secretKey)];
  const out = join(folder.path, 'out');
  mkdirSync(out);
  await assert.rejects(extractArchive(second, out), { code: 'BASE_NEEDED' });
  assert.deepEqual(readdirSync(out), []);
  const whole = wholeOf(second, first);
  await extractArchive(whole, out);
  assert.equal(whole.files.length, now.length);
  for (const { name, pieces } of now) {
    assert.ok(readFileSync(join(out, name)).equals(Buffer.concat([...(pieces as Buffer[])])), name);
  }
  first.close();
  second.close();
});

test('an export in which nothing changed is a delta without a file; a file that is gone is left out of the whole', async () => {
  using folder = tempFolder();
  const { sealed, base } = await sealBase(folder.path, filesOf());
  const without = filesOf().filter(({ name }) => name !== 'map-1/tag-1.txt');
  const delta = await sealDelta(folder.path, without, base);
  assert.equal(delta.files, 0);
  const [first, second] = [await openArchive(sealed.path, secretKey), await openArchive(delta.path, secretKey)];
  assert.equal(wholeOf(second, first).files.length, without.length);
  first.close();
  second.close();
});

test('what shares less than half of its bytes with the base is no delta', async () => {
  using folder = tempFolder();
  const { base } = await sealBase(folder.path, filesOf());
  const order = orderOf(folder.path, filesOf({ 'map-1/large.bin': noise(5 << 20, 2) }));
  assert.equal(await planDelta(order.study, 'study', base, passAlways), undefined);
  assert.equal(await planDelta(order.study, 'study', { ...base, has: () => false }, passAlways), undefined);
});

test('a file that changes between hashing and sealing is sealed as it is then', async () => {
  using folder = tempFolder();
  const { base } = await sealBase(folder.path, filesOf());
  let tries = 0;
  const files = filesOf().map((file) =>
    file.name === 'map-1/point-0.txt'
      ? {
          ...file,
          pieces: {
            *[Symbol.iterator]() {
              yield noise(10, ++tries + 20);
            },
          },
        }
      : file,
  );
  const delta = await sealDelta(folder.path, files, base);
  assert.equal(tries, 2);
  const reader = await openArchive(delta.path, secretKey);
  const pieces: Uint8Array[] = [];
  for await (const piece of reader.read('map-1/point-0.txt')) pieces.push(piece);
  assert.ok(Buffer.concat(pieces).equals(noise(10, 22)));
  reader.close();
});

test('an archive that is not the base, or has other bytes, is refused', async () => {
  using folder = tempFolder();
  const { sealed, base } = await sealBase(folder.path, filesOf());
  const delta = await sealDelta(folder.path, filesOf({ 'map-1/point-0.txt': changed }), base);
  const again = await sealBase(folder.path, filesOf());
  const open = (path: string) => openArchive(path, secretKey);
  const readers = await Promise.all([sealed.path, delta.path, again.sealed.path].map(open));
  const [first, second, third] = readers as [(typeof readers)[0], (typeof readers)[0], (typeof readers)[0]];
  assert.throws(() => wholeOf(second), { code: 'BASE_NEEDED' });
  for (const wrong of [third, second]) assert.throws(() => wholeOf(second, wrong), { code: 'BASE_DIFFERS' });
  const rotten = first.files.map((file, n) => (n === 1 ? { ...file, sha256: 'f'.repeat(64) as Sha256 } : file));
  assert.throws(() => wholeOf(second, Object.assign(Object.create(first), { files: rotten })), {
    code: 'BASE_DIFFERS',
  });
  assert.equal(wholeOf(first, undefined), first);
  for (const reader of readers) reader.close();
});

test('version and index have to agree about a base, and no name may be told twice', async () => {
  using folder = tempFolder();
  const unchanged = [{ name: 'a', kind: 'mesh', bytes: 1, sha256: 'a'.repeat(64) }];
  const base = newId('arc');
  const open = async (version: number, more: (id: string) => object) => {
    const index = (identity: ArchiveIdentity) => ({
      ...(indexOf(identity, [], 1) as object),
      ...more(identity.archiveId),
    });
    const { path, envelope } = await forge(folder.path, [], index, version);
    (await openArchive(path, secretKey, envelope)).close();
  };
  await open(1000, () => ({}));
  await open(1001, () => ({ base, unchanged }));
  const wrong: readonly (readonly [number, (id: string) => object, string])[] = [
    [1000, () => ({ base, unchanged }), 'DAMAGED'],
    [1000, () => ({ unchanged: [] }), 'DAMAGED'],
    [1001, () => ({}), 'DAMAGED'],
    [1001, () => ({ base }), 'DAMAGED'],
    [1001, (id) => ({ base: id, unchanged }), 'DAMAGED'],
    [1001, () => ({ base, unchanged: [...unchanged, ...unchanged] }), 'UNSAFE_NAME'],
    [1001, () => ({ base, unchanged: [{ ...unchanged[0], name: '../a' }] }), 'UNSAFE_NAME'],
  ];
  for (const [version, more, code] of wrong) await assert.rejects(open(version, more), { code }, `${version} ${code}`);
});

test('the proof of a delta opens it with its base where it has the key, and says so', async () => {
  using folder = tempFolder();
  const { sealed, base } = await sealBase(folder.path, filesOf());
  const other = await sealBase(folder.path, filesOf({ 'map-1/tag-1.txt': changed }));
  const delta = await sealDelta(folder.path, filesOf({ 'map-1/point-0.txt': changed }), base);
  const keysOf = ({ keysPath }: { keysPath: string }) => readKeysFile(keysPath).keys;
  const proofWith = (path: string, keys: Envelope, key: RecipientKey = secretKey) =>
    proveArchive(delta.path, { ...delta, standsOn: { key, envelope: keysOf(delta), base: { path, envelope: keys } } });
  const { sha256, bytes } = delta;
  assert.deepEqual(await proveArchive(delta.path, { sha256, bytes }), {
    ...{ archiveId: delta.archiveId, tier: 'study', chunks: 2, isDelta: true, isWhole: false },
  });
  assert.equal((await proofWith(sealed.path, keysOf(sealed))).isWhole, true);
  const stranger = { kid: 'stranger', secret: Buffer.alloc(32, 9) };
  assert.equal((await proofWith(sealed.path, keysOf(sealed), stranger)).isWhole, false);
  await assert.rejects(proofWith(other.sealed.path, keysOf(other.sealed)), { code: 'BASE_DIFFERS' });
  await assert.rejects(proofWith(`${sealed.path}.gone`, keysOf(sealed)), { code: 'BASE_DIFFERS' });
});
