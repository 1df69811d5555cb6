import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { SevenZip } from './seven-zip-process.ts';
import { childrenOf, until } from './testing/processes.ts';
import { expectLocked, readAll } from './testing/read-all.ts';
import { mixedContents, mixedTree, sevenZip, writeTree } from './testing/tools.ts';

// biome-ignore format: the columns are the documentation
const writers = [
  ['solid LZMA2',                    ['-m0=LZMA2'],                       undefined ],
  ['PPMd, not solid',                ['-m0=PPMd', '-ms=off'],             undefined ],
  ['stored',                         ['-mx0'],                            undefined ],
  ['encrypted',                      ['-pgehäim'],                        'gehäim'  ],
  ['encrypted with its headers',     ['-pgehäim', '-mhe'],                'gehäim'  ],
] as const;

for (const [name, how, password] of writers) {
  test(`reads back a 7-Zip archive, ${name}`, async (t) => {
    const folder = temporaryFolder(t);
    writeTree(join(folder, 'in'), mixedTree);
    sevenZip(join(folder, 'in'), 'a', '-t7z', ...how, '../out.zip', '.');
    const { files, container } = await readAll(join(folder, 'out.zip'), password === undefined ? {} : { password });
    assert.match(container, /^7z \(7z-wasm \d+\.\d+\)$/);
    assert.deepEqual(files, mixedContents);
    if (password !== undefined) await expectLocked(join(folder, 'out.zip'));
  });
}

test('7-Zip that works on and on without giving anything is ended, by the time of a processor that it used', async () => {
  const nothing = { size: 0, read: async () => Buffer.alloc(0), close: async () => {} };
  const measuring = new SevenZip(nothing, passAlways, 100).run(['b', '100']);
  await assert.rejects(measuring.next(), { code: 'UNREADABLE' });
  await until(() => childrenOf(process.pid).length === 0, 'the end of 7-Zip');
});
