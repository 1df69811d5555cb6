import assert from 'node:assert/strict';
import { linkSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../core/digest.ts';
import { generateEcKeyPair } from '../core/envelope.ts';
import { newId } from '../protocol/ids.ts';
import { buildArchive } from './build.ts';
import { archivePath, keysPathOf } from './format.ts';
import { readKeysFile } from './keys-file.ts';
import { openArchive } from './reader.ts';
import { mixedFiles, noise, orderOf, readAll, secretKey, tempFolder } from './testing/studies.ts';

const wholePieces = (files: ReturnType<typeof mixedFiles>) =>
  files.map(({ name, kind, bytes }) => ({ name, kind, pieces: [bytes] }));

test('gives back every byte of many small files and of one larger than a chunk, to each recipient', async () => {
  using folder = tempFolder();
  const hospital = generateEcKeyPair();
  const files = mixedFiles();
  const sealed = await buildArchive(
    orderOf(folder.path, wholePieces(files), {
      recipients: [secretKey, { kid: 'hospital', publicKey: hospital.publicKey }],
    }),
  );
  for (const key of [secretKey, { kid: 'hospital', privateKey: hospital.privateKey }]) {
    const reader = await openArchive(sealed.path, key);
    assert.equal(reader.files.length, files.length);
    for (const { name, kind, bytes } of files) {
      assert.ok((await readAll(reader, name)).equals(bytes), name);
      const entry = reader.files.find((file) => file.name === name);
      assert.deepEqual([entry?.kind, entry?.bytes, entry?.sha256], [kind, bytes.length, sha256(bytes)]);
    }
    reader.close();
  }
});

test('says what is on disk, in the result and in the sidecar', async () => {
  using folder = tempFolder();
  const order = orderOf(folder.path, wholePieces(mixedFiles()));
  const sealed = await buildArchive(order);
  assert.equal(sealed.path, archivePath(folder.path, order.caseId, 'study'));
  assert.equal(sealed.sha256, sha256(readFileSync(sealed.path)));
  assert.equal(sealed.bytes, statSync(sealed.path).size);
  assert.equal(sealed.files, 62);
  const { keys, ...said } = readKeysFile(sealed.keysPath);
  const { archiveId, caseId, tier, bytes } = sealed;
  assert.deepEqual(said, { v: 1, archiveId, caseId, tier, sha256: sealed.sha256, bytes });
  assert.deepEqual(
    keys.recipients.map(({ header }) => header?.kid),
    ['at-rest'],
  );
  assert.deepEqual(readdirSync(folder.path).sort(), [`${caseId}.study.case`, `${caseId}.study.keys`]);
  for (const path of [sealed.path, sealed.keysPath]) assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('packs small files of one kind together and splits large ones', async () => {
  using folder = tempFolder();
  const sealed = await buildArchive(orderOf(folder.path, wholePieces(mixedFiles())));
  const reader = await openArchive(sealed.path, secretKey);
  const chunksOf = (kind: string) =>
    new Set(reader.files.filter((file) => file.kind === kind).flatMap((file) => file.places.map(([chunk]) => chunk)));
  assert.deepEqual(
    ['point', 'tag', 'rf', 'mesh'].map((kind) => chunksOf(kind).size),
    [1, 1, 1, 5],
  );
  assert.equal(reader.chunks, 9);
  reader.close();
});

test('takes pieces of any length: empty, single bytes, and some larger than a chunk', async () => {
  using folder = tempFolder();
  const bytes = noise((3 << 20) + 17);
  const pieces = [
    Buffer.alloc(0),
    bytes.subarray(0, 1),
    bytes.subarray(1, 2_500_000),
    Buffer.alloc(0),
    bytes.subarray(2_500_000),
  ];
  const sealed = await buildArchive(orderOf(folder.path, [{ name: 'a', pieces }]));
  const reader = await openArchive(sealed.path, secretKey);
  assert.ok((await readAll(reader, 'a')).equals(bytes));
  assert.equal(reader.files[0]?.places.length, 4);
  reader.close();
});

test('a tier holds the files of that tier and no other', async () => {
  using folder = tempFolder();
  const files = [
    { name: 'both', pieces: [noise(10)] },
    { name: 'whole-only', tiers: ['study'] as const, pieces: [noise(10)] },
  ];
  const sealed = await buildArchive(orderOf(folder.path, files, { tier: 'review' }));
  const reader = await openArchive(sealed.path, secretKey);
  assert.deepEqual([reader.tier, reader.files.map((file) => file.name)], ['review', ['both']]);
  reader.close();
});

test('in clear there is nothing of the content and no name', async () => {
  using folder = tempFolder();
  const canary = 'Canary-Kanarienvogel';
  const pieces = [Buffer.from(canary.repeat(50)), noise(100)];
  const sealed = await buildArchive(orderOf(folder.path, [{ name: `${canary}.txt`, kind: 'canarykind', pieces }]));
  for (const path of [sealed.path, sealed.keysPath]) {
    const bytes = readFileSync(path);
    for (const word of [canary, 'canarykind', 'Kanarien']) assert.equal(bytes.indexOf(word), -1);
  }
});

test('a data key serves one build: the same study twice shares no sealed bytes', async () => {
  using folder = tempFolder();
  const ids = { archiveId: newId('arc') };
  const files = [{ name: 'a', pieces: [noise(200_000)] }];
  const [first, second] = [
    await buildArchive(orderOf(folder.path, files, ids)),
    await buildArchive(orderOf(folder.path, files, ids)),
  ];
  const piece = readFileSync(first.path).subarray(60_000, 60_032);
  assert.equal(readFileSync(second.path).indexOf(piece), -1);
});

test('a study without files of the tier is a valid, empty archive', async () => {
  using folder = tempFolder();
  const sealed = await buildArchive(orderOf(folder.path, []));
  const reader = await openArchive(sealed.path, secretKey);
  assert.deepEqual([reader.files.length, reader.chunks], [0, 1]);
  reader.close();
});

test('an archive that a killed run placed is replaced, and only once the new one is whole', async () => {
  using folder = tempFolder();
  const caseId = newId('case');
  const old = await buildArchive(orderOf(folder.path, [{ name: 'old', pieces: [noise(9)] }], { caseId }));
  const failing = orderOf(folder.path, [{ name: 'new', pieces: brokenAfter(1) }], { caseId });
  await assert.rejects(buildArchive(failing), sourceFailed);
  const reader = await openArchive(old.path, secretKey);
  assert.equal(reader.files[0]?.name, 'old');
  reader.close();
  const witness = join(folder.path, 'witness');
  linkSync(old.keysPath, witness);
  const sealed = await buildArchive(orderOf(folder.path, [{ name: 'new', pieces: [noise(9)] }], { caseId }));
  assert.equal(readKeysFile(sealed.keysPath).archiveId, sealed.archiveId);
  assert.equal((await openArchive(sealed.path, secretKey)).files[0]?.name, 'new');
  assert.ok(
    readFileSync(witness).every((byte) => byte === 0),
    'the old keys were overwritten',
  );
  assert.equal(readdirSync(folder.path).length, 3);
});

const sourceError = new Error('the source went away');
const sourceFailed = (error: unknown) => error === sourceError;

function* brokenAfter(pieces: number): Generator<Uint8Array> {
  for (let n = 0; n < pieces; n++) yield noise(1_500_000, n + 1);
  throw sourceError;
}

test('an error of the source leaves nothing and comes through unchanged', async () => {
  using folder = tempFolder();
  for (const pieces of [0, 1, 8]) {
    const order = orderOf(folder.path, [{ name: 'a', pieces: brokenAfter(pieces) }]);
    await assert.rejects(buildArchive(order), sourceFailed);
    assert.deepEqual(readdirSync(folder.path), []);
  }
});

test('an error at any step leaves nothing and comes through unchanged', async () => {
  for (const step of [
    'plan',
    'read',
    'compress',
    'insert',
    'flush',
    'commit',
    'hash',
    'settle',
    'keys',
    'place',
  ] as const) {
    using folder = tempFolder();
    let hit = false;
    const onStep = (entered: string) => {
      if (entered !== step) return;
      hit = true;
      throw sourceError;
    };
    const order = orderOf(folder.path, [{ name: 'a', pieces: [noise(12 << 20)] }], { hooks: { onStep } });
    await assert.rejects(buildArchive(order), sourceFailed, step);
    assert.ok(hit, `${step} was never entered`);
    assert.deepEqual(readdirSync(folder.path), [], step);
  }
});

test('tells the source when the build ends early', async () => {
  using folder = tempFolder();
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (let n = 0; n < 100; n++) yield noise(600_000);
    } finally {
      closed = true;
    }
  }
  let left = 20;
  const checkpoint = async () => {
    left -= 1;
    if (left === 0) throw sourceError;
  };
  await assert.rejects(
    buildArchive(orderOf(folder.path, [{ name: 'a', pieces: source() }], { checkpoint })),
    sourceFailed,
  );
  assert.ok(closed);
});

test('flushes every 8 MiB, so that little is left for the commit', async () => {
  using folder = tempFolder();
  const sizes: Record<string, number[]> = {};
  const onStep = (step: string) => {
    const [partial] = readdirSync(folder.path);
    sizes[step] = [...(sizes[step] ?? []), statSync(join(folder.path, partial ?? '')).size];
  };
  const order = orderOf(folder.path, [{ name: 'a', pieces: [noise(40 << 20)] }], { hooks: { onStep } });
  const sealed = await buildArchive(order);
  const flushes = [0, ...(sizes.flush ?? [])];
  assert.ok(flushes.length > 5, `${flushes}`);
  for (const [n, size] of flushes.entries()) assert.ok(size - (flushes[n - 1] ?? 0) <= 10 << 20, `${flushes}`);
  assert.ok(sealed.bytes - (sizes.commit?.[0] ?? 0) <= 3 << 20);
});

test('no recipient, no archive', async () => {
  using folder = tempFolder();
  await assert.rejects(buildArchive(orderOf(folder.path, [], { recipients: [] })), { code: 'NO_RECIPIENT' });
  assert.deepEqual(readdirSync(folder.path), []);
});

test('unsafe or repeated names are refused before anything is written', async () => {
  using folder = tempFolder();
  for (const names of [['../a'], ['/a'], ['a/../b'], ['a', 'a'], ['a', 'a/b'], ['a\\b'], ['']]) {
    const files = names.map((name) => ({ name, pieces: [noise(1)] }));
    await assert.rejects(buildArchive(orderOf(folder.path, files)), { code: 'UNSAFE_NAME' });
  }
  assert.deepEqual(readdirSync(folder.path), []);
});

test('an id or a kind that readers would refuse is refused before there is an archive', async () => {
  using folder = tempFolder();
  const ids = [{ caseId: '../case' }, { caseId: '' }, { archiveId: 'arc-1' }];
  for (const more of ids) await assert.rejects(buildArchive(orderOf(folder.path, [], more)), { name: 'ZodError' });
  const file = { name: 'a', kind: 'k'.repeat(65), pieces: [noise(1)] };
  await assert.rejects(buildArchive(orderOf(folder.path, [file])), { name: 'ZodError' });
  assert.deepEqual(readdirSync(folder.path), []);
});

test('a checkpoint that does not resolve holds everything: no read, no step, no byte', async () => {
  using folder = tempFolder();
  for (const at of [1, 2, 9, 30, 70]) {
    let [reads, steps, calls] = [0, 0, 0];
    const parked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    function* source(): Generator<Uint8Array> {
      for (let n = 0; n < 24; n++) {
        reads += 1;
        yield noise(1 << 19, n + 1);
      }
    }
    const checkpoint = () => {
      calls += 1;
      if (calls !== at) return Promise.resolve();
      parked.resolve();
      return gate.promise;
    };
    const onStep = () => {
      steps += 1;
    };
    const order = orderOf(folder.path, [{ name: 'a', pieces: source() }], { checkpoint, hooks: { onStep } });
    const build = buildArchive(order);
    await parked.promise;
    const seen = () => [
      reads,
      steps,
      calls,
      ...readdirSync(folder.path).map((name) => statSync(join(folder.path, name)).size),
    ];
    const before = seen();
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    assert.deepEqual(seen(), before, `checkpoint ${at}`);
    assert.equal(steps, at - 1);
    gate.resolve();
    const sealed = await build;
    assert.equal(reads, 24);
    assert.ok(calls >= 24 + 12 * 2 + sealed.bytes / (1 << 18), `${calls} checkpoints`);
  }
});

test('a file of the same name as the sidecar of another case is not touched', async () => {
  using folder = tempFolder();
  const other = keysPathOf(archivePath(folder.path, newId('case'), 'study'));
  writeFileSync(other, 'x');
  await buildArchive(orderOf(folder.path, []));
  assert.equal(readFileSync(other, 'utf8'), 'x');
});
