import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { openChunk, sealChunk } from './chunk.ts';
import {
  type ArchiveIdentity,
  applicationId,
  associatedDataOf,
  formatName,
  formatVersion,
  maxChunkBytes,
  maxIndexBytes,
  maxSealedBytes,
  nonceOf,
  schema,
  tagBytes,
} from './format.ts';
import { noise } from './testing/studies.ts';

const key = Buffer.alloc(32, 5);
const identity: ArchiveIdentity = { archiveId: 'arc-abcdefghijklmnopqrst', tier: 'review' };
const plain = noise(100_000);
const sealed = sealChunk(key, identity, 3, plain);
const maxBytes = plain.length;

test('a chunk opens only as what it is: same key, archive, tier and number', () => {
  assert.ok(openChunk(key, identity, 3, { sealed, maxBytes }).equals(plain));
  const others: [Uint8Array, ArchiveIdentity, number][] = [
    [Buffer.alloc(32, 6), identity, 3],
    [key, { ...identity, archiveId: 'arc-abcdefghijklmnopqrsu' }, 3],
    [key, { ...identity, tier: 'study' }, 3],
    [key, identity, 2],
  ];
  for (const [otherKey, other, n] of others) {
    assert.throws(() => openChunk(otherKey, other, n, { sealed, maxBytes }), { code: 'DAMAGED' });
  }
});

test('a chunk never unpacks to more than it may', () => {
  assert.throws(() => openChunk(key, identity, 3, { sealed, maxBytes: maxBytes - 1 }), { code: 'LIMIT_EXCEEDED' });
});

test('a shortened chunk is DAMAGED, down to nothing', () => {
  for (const length of [0, 1, tagBytes - 1, tagBytes, sealed.length - 1]) {
    const cut = sealed.subarray(0, length);
    assert.throws(() => openChunk(key, identity, 3, { sealed: cut, maxBytes }), { code: 'DAMAGED' });
  }
});

test('what does not compress stays within the size that readers accept', () => {
  for (const length of [0, 1, 1000, 200_000, maxChunkBytes]) {
    assert.ok(sealChunk(key, identity, 0, noise(length)).length <= maxSealedBytes(length), `${length}`);
  }
});

const page = readFileSync(new URL('../docs/archive-format.md', import.meta.url), 'utf8');

test('docs/archive-format.md names the numbers and texts of this code', () => {
  const hex = applicationId.toString(16).toUpperCase();
  const numbers = [maxChunkBytes, maxIndexBytes, maxSealedBytes(maxChunkBytes), maxSealedBytes(maxIndexBytes)];
  for (const text of [formatName, `0x${hex}`, `\`${formatVersion}\``, ...numbers.map((n) => n.toLocaleString('en'))]) {
    assert.ok(page.includes(text), text);
  }
  for (const { sql } of schema) assert.ok(page.includes(`\n${sql}\n`), sql);
});

test('the example in docs/archive-format.md opens with nothing but Web Crypto and zstd', async () => {
  const example = Object.fromEntries(
    [...page.matchAll(/^(\w+) {2,}([0-9a-f]+)$/gm)].map(([, name, hex]) => [name, hex]),
  );
  const bytes = (name: string) => Buffer.from(example[name] ?? '', 'hex');
  const imported = await webcrypto.subtle.importKey('raw', bytes('key'), 'AES-GCM', false, ['decrypt']);
  const algorithm = { name: 'AES-GCM', iv: bytes('nonce'), additionalData: bytes('aad'), tagLength: 128 };
  const frame = await webcrypto.subtle.decrypt(algorithm, imported, bytes('sealed'));
  assert.equal(zstdDecompressSync(Buffer.from(frame)).toString(), 'x = 1.000\ny = 2.000\n');

  assert.equal(nonceOf(258).toString('hex'), example.nonce);
  assert.equal(associatedDataOf(identity, 258).toString('hex'), example.aad);
  assert.equal(
    openChunk(bytes('key'), identity, 258, { sealed: bytes('sealed'), maxBytes: 100 }).toString(),
    'x = 1.000\ny = 2.000\n',
  );
});
