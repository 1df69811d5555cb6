import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IdentifierSearch } from './search.ts';

const search = new IdentifierSearch(['Mustermann', '4711081512', '1953-04-17', 'Jürgen']);

test('finds a plant in every encoding it names, at every alignment', () => {
  for (const plant of ['Mustermann', '4711081512', '1953-04-17', 'Jürgen']) {
    for (const padding of ['', 'a', 'ab', 'abc']) {
      const text = `${padding}${plant} and more`;
      const forms = {
        'utf-8': Buffer.from(text),
        'latin-1': Buffer.from(text, 'latin1'),
        'utf-16le': Buffer.from(text, 'utf16le'),
        'utf-16be': Buffer.from(text, 'utf16le').swap16(),
        hex: Buffer.from(Buffer.from(text).toString('hex')),
        base64: Buffer.from(Buffer.from(text).toString('base64')),
        base64url: Buffer.from(Buffer.from(text).toString('base64url')),
      };
      for (const [encoding, bytes] of Object.entries(forms)) {
        assert.ok(
          search.inBytes(bytes, 'x').some((hit) => hit.canary === plant),
          `${plant} as ${encoding} after ${padding.length}`,
        );
      }
    }
  }
});

test('letter case does not hide a plant in plain text', () => {
  assert.equal(search.inBytes(Buffer.from('MUSTERMANN'), 'x').length > 0, true);
});

test('finds nothing where nothing is, and finds plants in names of files', () => {
  assert.deepEqual(search.inBytes(Buffer.from('a map of the left atrium, 4711081513'), 'x'), []);
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-search-'));
  writeFileSync(join(folder, 'RF_mustermann_1.txt'), '');
  assert.equal(search.inFolder(folder).length > 0, true);
  rmSync(folder, { recursive: true });
});
