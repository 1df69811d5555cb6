import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type Clock, systemClock } from '../../core/clock.ts';
import { canariesOf, SimulatorError, simulateStudy } from './index.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'simulate-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Names and bytes of everything below a folder. */
function hashTree(folder: string): string {
  const hash = createHash('sha256');
  for (const path of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    hash.update(`${path}\0`);
    if (statSync(join(folder, path)).isFile()) hash.update(readFileSync(join(folder, path)));
  }
  return hash.digest('hex');
}

/** A clock that does not wait but looks. */
const lookingClock = (look: () => void): Clock => ({ ...systemClock, sleep: async () => look() });
/** The least that has files of every kind of a map with points. */
const small = { points: 1, chamber: 'right-atrium' } as const;
const inbox = () => join(home, 'inbox');
const code = (expected: string) => (error: unknown) => error instanceof SimulatorError && error.code === expected;

test('the same seed gives the same bytes under the same names, another seed gives others', async () => {
  const [first, again, other] = ['a', 'b', 'c'].map((name) => join(home, name));
  await simulateStudy({ ...small, folder: first!, seed: 9 });
  await simulateStudy({ ...small, folder: again!, seed: 9, atomic: true });
  await simulateStudy({ ...small, folder: other!, seed: 10 });
  assert.equal(hashTree(first!), hashTree(again!));
  assert.notEqual(hashTree(first!), hashTree(other!));
});

test('more points change neither the anatomy nor the earlier points; thirty make at least 50 MB', async () => {
  const few = await simulateStudy({ folder: join(home, 'few'), seed: 9, points: 1 });
  const more = await simulateStudy({ folder: join(home, 'more'), seed: 9, points: 3 });
  for (const file of ['Simulated LA 1.mesh', 'Simulated LA 1_P1_ECG_Export.txt']) {
    assert.ok(readFileSync(join(few.folder, file)).equals(readFileSync(join(more.folder, file))), file);
  }
  const bytesOfPoint = (more.bytes - few.bytes) / 2;
  assert.ok(30 * bytesOfPoint >= 50_000_000, `${bytesOfPoint} bytes`);
});

test('says what it made, under a name of the documented form', async () => {
  const made = await simulateStudy({ folder: inbox(), seed: 4, points: 3 });
  assert.match(basename(made.folder), /^Export_Simulated-Study-1-\d\d_\d\d_\d{4}-\d\d-\d\d-\d\d$/);
  assert.deepEqual(readdirSync(inbox()), [basename(made.folder)]);
  const all = (readdirSync(made.folder, { recursive: true }) as string[]).map((path) => join(made.folder, path));
  const files = all.filter((path) => statSync(path).isFile());
  assert.equal(made.files, files.length);
  assert.equal(
    made.bytes,
    files.reduce((sum, path) => sum + statSync(path).size, 0),
  );
  const sites = readFileSync(join(made.folder, 'VisiTagExport', 'Sites.txt'), 'latin1').split('\r\n').length - 2;
  assert.deepEqual(made.counts, { maps: 2, points: 3, lesions: sites });
  assert.equal(made.gap, undefined);
  const gapped = await simulateStudy({ folder: join(home, 'gap'), seed: 4, points: 0, ablationGapMm: 12 });
  assert.equal(gapped.gap?.widthMm, 12);
});

test('in place it grows file by file under its own name', async () => {
  const seen: number[] = [];
  const clock = lookingClock(() => seen.push((readdirSync(inbox(), { recursive: true }) as string[]).length));
  const made = await simulateStudy({ ...small, folder: inbox(), seed: 5, paceMs: 50, clock });
  assert.equal(seen.length, made.files);
  assert.ok(seen.every((count, n) => n === 0 || count > seen[n - 1]!));
});

test('atomic: nothing of it is seen in the folder before it is complete', async () => {
  const clock = lookingClock(() => assert.deepEqual(readdirSync(inbox()), []));
  const made = await simulateStudy({ ...small, folder: inbox(), seed: 5, paceMs: 50, clock, atomic: true });
  assert.ok(existsSync(made.folder));
  assert.deepEqual(readdirSync(home), ['inbox']);
});

test('atomic and aborted: nothing stays behind; in place and aborted: the half export stays', async () => {
  const run = (folder: string, atomic: boolean) => {
    const stop = new AbortController();
    const clock = lookingClock(() => stop.abort());
    return simulateStudy({ ...small, folder, seed: 5, paceMs: 1, clock, atomic, signal: stop.signal });
  };
  await assert.rejects(run(inbox(), true), { name: 'AbortError' });
  assert.deepEqual(readdirSync(home, { recursive: true }), ['inbox']);
  await assert.rejects(run(inbox(), false), { name: 'AbortError' });
  assert.equal(readdirSync(inbox(), { recursive: true }).length, 2);
});

test('an export of the same name is never written over', async () => {
  const options = { ...small, folder: inbox(), seed: 6 };
  await simulateStudy(options);
  const before = hashTree(inbox());
  await assert.rejects(simulateStudy(options), code('EXISTS'));
  await assert.rejects(simulateStudy({ ...options, atomic: true }), code('EXISTS'));
  assert.equal(hashTree(inbox()), before);
});

test('given names arrive in contents and in file names', async () => {
  const names = {
    study: 'Canary Zylberstein 4711',
    maps: ['1-Zyl (b.19) & Söhne', '1-Zyl', 'other_map.v2'],
    comment: 'call 555-0199 for Zylberstein',
    presetName: 'ZylPreset',
    siteTag: 'Zyl "tag" <x>',
    meshName: 'ZylMesh',
    shell: 'Zyl CT',
    unknownFile: 'Zyl notes.doc',
  };
  const made = await simulateStudy({ folder: inbox(), seed: 8, points: 1, names });
  assert.match(basename(made.folder), /^Export_Canary-Zylberstein-4711-/);
  const read = (file: string) => readFileSync(join(made.folder, file));
  const xml = read(readdirSync(made.folder).find((name) => name.startsWith(`${names.study} `))!).toString();
  assert.match(xml, /Full_Name="Zyl &quot;tag&quot; &lt;x&gt;"/);
  assert.match(xml, /Map Name="1-Zyl \(b\.19\) &amp; Söhne"/);
  assert.match(xml, /<Mesh FileName="Zyl CT\.mesh"/);
  assert.ok(
    read('1-Zyl (b.19) & Söhne_car.txt').includes(Buffer.from('VERSION_5_0 1-Zyl (b.19) & S\xf6hne', 'latin1')),
  );
  assert.ok(read('1-Zyl.mesh').includes('MeshName               = ZylMesh\r\n'));
  assert.match(read('VisiTagExport/VisiTagSessions.txt').toString(), / ZylPreset +1 call 555-0199 for Zylberstein /);
  for (const file of ['Zyl CT.mesh', 'Zyl notes.doc', 'other_map.v2_Points_Export.xml'])
    assert.ok(read(file).length > 0);
  assert.equal(made.counts.maps, 3);
});

test('refuses names that can be no file names without repeating them, and numbers out of range', async () => {
  const bad = [
    { study: 'a/../b' },
    { maps: [] },
    { maps: ['same', 'same'] },
    { maps: ['..'] },
    { unknownFile: 'x\ny' },
    { shell: ' ' },
  ];
  for (const names of bad) await assert.rejects(simulateStudy({ folder: inbox(), seed: 1, names }), code('BAD_NAME'));
  await assert.rejects(simulateStudy({ folder: inbox(), seed: 1, names: { study: 'secret?' } }), (error: Error) => {
    return !error.message.includes('secret');
  });
  for (const options of [{ seed: -1 }, { seed: 1.5 }, { seed: 1, points: 10_001 }, { seed: 1, ablationGapMm: 2 }]) {
    await assert.rejects(simulateStudy({ folder: inbox(), ...options }), code('BAD_OPTION'));
  }
  assert.ok(!existsSync(inbox()));
});

test('what is true of a study lies outside it: the gap, the lesions by their sites, the scar', async () => {
  const truth = join(home, 'truth.json');
  const made = await simulateStudy({ ...small, folder: inbox(), seed: 3, ablationGapMm: 8, truth });
  const said = JSON.parse(readFileSync(truth, 'utf8'));
  assert.deepEqual(said.gap, made.gap);
  assert.equal(said.lesions.length, made.counts.lesions);
  assert.equal(said.chamber, 'right-atrium');
  const inside = { ...small, folder: inbox(), seed: 4, truth: join(made.folder, 'truth.json') };
  await assert.rejects(simulateStudy({ ...inside, seed: 3 }), code('BAD_OPTION'));
});

test('every planted identifier is somewhere in the export, and listed', async () => {
  const options = { ...small, chamber: 'left-atrium', points: 1, paso: true, remap: true } as const;
  const made = await simulateStudy({ ...options, folder: inbox(), seed: 7, canaries: true });
  const paths = (readdirSync(made.folder, { recursive: true }) as string[]).sort();
  const everything = [basename(made.folder).replaceAll('-', ' '), ...paths]
    .concat(
      paths.filter((path) => statSync(join(made.folder, path)).isFile()).map((path) => readText(made.folder, path)),
    )
    .join('\n');
  const canaries = canariesOf(7);
  assert.equal(new Set(canaries.map(({ kind }) => kind)).size, 18);
  assert.deepEqual(
    canaries.filter(({ text }) => !everything.includes(text)),
    [],
  );
});

test('live: a recorder’s folder grows while the procedure lasts, and the export comes after it', async () => {
  const live = join(home, 'recorder');
  const sizes: number[] = [];
  const clock = lookingClock(() => {
    assert.deepEqual(readdirSync(inbox()), []);
    sizes.push(statSync(join(live, 'recording-1.dat')).size);
  });
  const made = await simulateStudy({ ...small, folder: inbox(), seed: 5, clock, live: { folder: live, speed: 600 } });
  assert.deepEqual(readdirSync(inbox()), [basename(made.folder)]);
  assert.ok(sizes.length > 5);
  assert.ok(
    sizes.slice(1, -1).every((size, n) => size > sizes[n]!),
    'it grows at every look but the last',
  );
  assert.equal(sizes.at(-1), sizes.at(-2));
});

function readText(folder: string, path: string): string {
  return readFileSync(join(folder, path), path.endsWith('_ECG_Export.txt') ? 'latin1' : 'utf8').slice(0, 200_000);
}
