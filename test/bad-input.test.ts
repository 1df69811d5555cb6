import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

describe('bad input', () => {
  let site: Site;
  let good: string;
  before(async () => {
    site = await (await Site.create({ rescanSeconds: 2 })).start();
    good = await site.simulate(41, 2, join(site.data, 'source'));
  });
  after(() => site.close());

  /** A damaged copy of the good export appears in the inbox at once. */
  function drop(name: string, damage: (folder: string) => void): void {
    const staged = join(site.data, 'staged');
    cpSync(good, staged, { recursive: true });
    damage(staged);
    renameSync(staged, join(site.inbox, name));
  }

  const held = async (reason: string) => {
    const found = await until(
      async () => (await site.cases()).find((one) => one.stage === 'held' && one.reason === reason),
      `a case held: ${reason}`,
    );
    assert.ok(found.hint && found.hint.length > 20, 'the hint says what to do');
    return found;
  };

  test('INPUT-01: an empty folder is held, and the next case goes on', async () => {
    mkdirSync(join(site.inbox, 'a-empty'));
    await held('empty');
    drop('b-good', () => {});
    await site.reached('delivered', 1);
  });

  test('INPUT-02: a study XML cut in half is held as unreadable', async () => {
    drop('c-cut', (folder) => {
      const xml = join(folder, studyXmlOf(folder));
      truncateSync(xml, Math.floor(readFileSync(xml).length / 2));
    });
    await held('unreadable');
  });

  test('INPUT-03: a folder without a study XML is held as no-study', async () => {
    drop('d-none', (folder) => rmSync(join(folder, studyXmlOf(folder))));
    await held('no-study');
  });

  test('INPUT-04: a mesh whose triangle points past the last vertex is held, and the next case goes on', async () => {
    const before = (await site.cases()).filter((one) => one.reason === 'unreadable').length;
    drop('e-mesh', (folder) => {
      const mesh = join(folder, readdirSync(folder).find((name) => name.endsWith('.mesh'))!);
      const text = readFileSync(mesh, 'latin1');
      const at = text.search(/\[TrianglesSection\]/);
      writeFileSync(mesh, text.slice(0, at) + text.slice(at).replace(/(\r\n\s+0 =\s+)\d+/, '$199999999'), 'latin1');
    });
    await until(async () => (await site.cases()).filter((one) => one.reason === 'unreadable').length > before, 'held');
    drop('f-good', () => {});
    // The same study under another name: its own case, the catalogue takes it.
    await site.reached('delivered', 2);
  });

  test('INPUT-05: a growing folder waits until it is quiet', async () => {
    const count = (await site.cases()).length;
    const folder = join(site.inbox, 'g-growing');
    mkdirSync(folder);
    cpSync(join(good, studyXmlOf(good)), join(folder, studyXmlOf(good)));
    const log = join(folder, 'growing.txt');
    for (let round = 0; round < 8; round++) {
      appendFileSync(log, 'more\r\n');
      await new Promise((resolve) => setTimeout(resolve, 400));
      const found = (await site.cases())[count];
      assert.ok(found === undefined || found.stage === 'detected', `stage ${found?.stage} while it grows`);
    }
    cpSync(good, folder, { recursive: true });
    rmSync(log);
    await site.reached('delivered', 3);
  });

  test('INPUT-06: a held case is taken again by itself once its entry was mended', async () => {
    cpSync(good, join(site.inbox, 'a-empty'), { recursive: true });
    await site.reached('delivered', 4);
    assert.equal((await site.cases()).filter((one) => one.reason === 'empty').length, 0);
  });

  test('INPUT-07: an entry that vanishes before it is sealed is held, and taken when it is back', async () => {
    await expectDone(site.vestibule('procedure', 'start', '--reason', 'test'));
    await expectDone(site.vestibule('procedure', 'stop'));
    const folder = join(site.inbox, 'h-vanishing');
    drop('h-vanishing', () => {});
    await until(async () => (await site.cases()).some((one) => one.stage === 'detected'), 'detected', 20_000, 20);
    renameSync(folder, join(site.data, 'vanished'));
    await held('source-gone');
    renameSync(join(site.data, 'vanished'), folder);
    await site.reached('delivered', 5);
  });

  test('INPUT-08: a container that this release cannot open is held as unsupported', async () => {
    writeFileSync(join(site.inbox, 'export.zip'), 'PK');
    await held('unsupported');
  });

  test('INPUT-09: status says that something needs attention', async () => {
    assert.equal((await site.vestibule('status')).code, 5);
  });
});

function studyXmlOf(folder: string): string {
  return readdirSync(folder).find(
    (name) => name.endsWith('.xml') && readFileSync(join(folder, name), 'latin1').startsWith('<Study '),
  )!;
}
