import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { openSource } from '../container/open-source.ts';
import { type SimulateOptions, SimulatorError, simulateStudy } from './index.ts';

let home: string;
let plain: Readonly<Record<string, string>>;
const study = { seed: 12, points: 0, chamber: 'right-atrium' } as const;
const password = 'correct horse';

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'containers-'));
  plain = await digests((await simulateStudy({ ...study, folder: join(home, 'plain') })).folder);
});
after(() => rmSync(home, { recursive: true, force: true }));

/** Digest of every file of a source, by path. */
async function digests(path: string): Promise<Record<string, string>> {
  const source = await openSource(path, passAlways, { password, spoolFolder: home });
  const found: Record<string, string> = {};
  try {
    for (const file of source.files) {
      const hash = createHash('sha256');
      for await (const piece of file.open()) hash.update(piece);
      found[file.path] = hash.digest('hex');
    }
  } finally {
    await source.close?.();
  }
  return found;
}

const make = (name: string, more: Partial<SimulateOptions>) =>
  simulateStudy({ ...study, ...more, folder: join(home, name), staging: home });

for (const [name, options] of Object.entries({
  zip: { container: 'zip' },
  '7z': { container: '7z' },
  'zip in an outer zip of AES': { container: 'outer-zip', password },
  '7z in an outer zip of ZipCrypto': { container: 'outer-zip', password, inner: '7z', encryption: 'zipcrypto' },
} satisfies Record<string, Partial<SimulateOptions>>)) {
  test(`${name}: unpacked, the bytes are those of the folder`, async () => {
    const { folder } = await make(name, options);
    assert.match(basename(folder), /-\d\d_\d\d_\d{4}-\d\d-\d\d-\d\d\.zip$/);
    assert.deepEqual(readdirSync(join(home, name)), [basename(folder)]);
    assert.equal(statSync(folder).mode & 0o777, 0o644);
    assert.deepEqual(await digests(folder), plain);
  });
}

test('the same study gives the same zip and the same 7-Zip archive, byte for byte', async () => {
  for (const container of ['zip', '7z'] as const) {
    const [first] = readdirSync(join(home, container));
    const again = await make(`${container} again`, { container });
    assert.ok(readFileSync(join(home, container, first!)).equals(readFileSync(again.folder)), container);
  }
});

test('an outer zip needs a password, and no container is written over', async () => {
  const refused = (code: string) => (error: unknown) => error instanceof SimulatorError && error.code === code;
  await assert.rejects(make('none', { container: 'outer-zip' }), refused('BAD_OPTION'));
  await assert.rejects(make('zip', { container: 'zip' }), refused('EXISTS'));
  assert.deepEqual(
    readdirSync(home).filter((name) => name.startsWith('.simulating')),
    [],
  );
});
