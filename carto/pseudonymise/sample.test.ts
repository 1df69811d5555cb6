import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { readStudy } from '../read/read-study.ts';
import type { Study } from '../study.ts';
import { collect, memorySource } from '../testing/memory-source.ts';
import { auxiliarySource, porcineFolder, porcineSource, withSamples } from '../testing/samples.ts';
import { testSite } from '../testing/test-site.ts';
import { pseudonymise } from './pseudonymise.ts';

const maps = ['1-Map', '1-1-ReMap', '2-Map', '3-Map'];

interface Sample {
  readonly output: Record<string, Buffer>;
  readonly before: Study;
  readonly after: Study;
  readonly source: (path: string) => string;
  readonly written: (path: string) => string;
}

const sample = withSamples.skip ? undefined : await prepare();
const porcine = (name: string, check: (sample: Sample) => void | Promise<void>) =>
  test(`porcine sample: ${name}`, withSamples, () => check(sample!));

async function prepare(): Promise<Sample> {
  const study = await pseudonymise(await porcineSource(), passAlways, testSite);
  const output = await collect(study.files);
  assert.deepEqual(study.warnings, []);
  assert.deepEqual(study.leftOut, [{ kind: 'nmarq-mapping', count: 1 }]);
  assert.deepEqual(study.counts, { maps: 4, points: 2, lesions: 22 });
  const before = await readStudy(await porcineSource(), passAlways);
  const after = await readStudy(memorySource(output), passAlways);
  const codeOf = new Map(maps.map((name, at) => [name, after.maps[at]!.name]));
  const renamed = (path: string) =>
    maps.reduce((now, name) => now.replace(new RegExp(`(^|_)${name}(?=[._])`), `$1${codeOf.get(name)}`), path);
  return {
    output,
    before,
    after,
    source: (path) => readFileSync(join(porcineFolder, path), 'latin1'),
    written: (path) => output[renamed(path)]!.toString('latin1'),
  };
}

porcine('meshes are the source’s, byte for byte', ({ source, written }) => {
  for (const map of maps) assert.equal(written(`${map}.mesh`), source(`${map}.mesh`));
});

porcine(
  'every number of the VisiTag tables is the source’s text; only the session counter differs',
  ({ source, written }) => {
    for (const table of ['Sites', 'AblationSites', 'AblationData', 'ContactForceData']) {
      const path = `VisiTagExport/${table}.txt`;
      const [was, is] = [rows(source(path)), rows(written(path))];
      const session = was[0]!.indexOf('Session');
      assert.equal(is.length, was.length);
      for (const [at, cells] of was.entries()) {
        const expected = at === 0 ? cells : cells.with(session, String(Number(cells[session]) - 34397));
        assert.deepEqual(is[at], expected);
      }
      assert.equal(written(path).length, source(path).length, 'cells are as wide as they were');
    }
  },
);

porcine('voxels, empty tables, and the numbers of presets are the source’s', ({ source, written }) => {
  for (const table of ['Grids', 'AdjustedPositions', 'EndExpiriums', 'VisiTagDisplay']) {
    assert.equal(written(`VisiTagExport/${table}.txt`), source(`VisiTagExport/${table}.txt`));
  }
  const numbers = (text: string) => text.match(/= +-?[\d.]+ /g);
  for (const table of ['VisiTagPresets', 'VisiTagSettings']) {
    assert.deepEqual(numbers(written(`VisiTagExport/${table}.txt`)), numbers(source(`VisiTagExport/${table}.txt`)));
  }
});

porcine('signals, tracks and traces are the source’s', async ({ source, written }) => {
  const same = [
    '2-Map_P1_ECG_Export.txt',
    '2-Map_P2_NAVISTAR_CONNECTOR_Sensor_Positions.txt',
    'RF_1-1-ReMap_10.txt',
    'ContactForceInRF_2-Map_9.txt',
  ];
  for (const path of same) assert.equal(written(path), source(path));
});

porcine('the output is again an export that says the same', async ({ before, after }) => {
  assert.deepEqual(after.warnings, before.warnings);
  assert.deepEqual(after.leftOut, []);
  const surfaces = ({ maps }: Study) => maps.map(({ mesh }) => ({ ...mesh, name: '' }));
  assert.deepEqual(surfaces(after), surfaces(before));
  assert.deepEqual(
    after.maps.map(({ volumeMl, coloringRanges, reference }) => ({ volumeMl, coloringRanges, reference })),
    before.maps.map(({ volumeMl, coloringRanges, reference }) => ({ volumeMl, coloringRanges, reference })),
  );
  assert.deepEqual(after.tags, before.tags);
  assert.deepEqual(after.colorings, before.colorings);
  assert.deepEqual(
    after.visiTag!.sites.map(({ session: _, ...site }) => site),
    before.visiTag!.sites.map(({ session: _, ...site }) => site),
  );
  assert.deepEqual(
    after.applications.map(({ startStudyMs }) => startStudyMs),
    before.applications.map(({ startStudyMs }) => startStudyMs),
  );
  for (const [at, point] of after.maps[2]!.points.entries()) {
    const original = before.maps[2]!.points[at]!;
    assert.deepEqual(point.positionMm, original.positionMm);
    assert.deepEqual(point.recording!.impedance, original.recording!.impedance);
    assert.deepEqual(await point.recording!.loadEcg(), await original.recording!.loadEcg());
    assert.equal((await point.recording!.loadContactForce())?.trace.rows, 200);
    assert.equal((await Promise.all(point.recording!.tracks.map((track) => track.load()))).length, 4);
  }
});

porcine('counters of the workstation are gone, the join by session holds', ({ output, after }) => {
  assert.deepEqual(
    after.maps.map(({ index }) => index),
    [1, 2, 3, 4],
  );
  assert.deepEqual(
    [...after.maps[2]!.car.values()].map(({ catheterId }) => catheterId),
    [1, 1],
  );
  assert.deepEqual(
    after.maps[2]!.points.map(({ catheterId }) => catheterId),
    [1, 1],
  );
  const sessions = new Set(after.visiTag!.sessions.map(({ id }) => id));
  assert.deepEqual(
    [...sessions],
    Array.from({ length: 22 }, (_, at) => at + 1),
  );
  assert.ok(after.visiTag!.sites.every(({ session }) => sessions.has(session)));
  const all = Object.entries(output).map(([name, content]) => `${name}\n${content.toString('latin1')}`);
  for (const counter of [/"156[5678]"/, /["\t]18027["\t]/, / 344[01]\d {5}/]) {
    assert.ok(!all.some((text) => counter.test(text)), String(counter));
  }
  for (const stamp of [/11[/_]25/, /15[:-]01/]) assert.ok(!all.some((text) => stamp.test(text)), String(stamp));
});

test('auxiliary sample: surfaces go on byte for byte under codes, their own names emptied', withSamples, async () => {
  const source = await auxiliarySource();
  const { files } = await pseudonymise(source, passAlways, testSite);
  const output = await collect(files);
  const after = await readStudy(memorySource(output), passAlways);
  assert.ok(after.shells.length === 2 && after.shells.every(({ fileName }) => /^Shell-[a-z]{8}\.mesh$/.test(fileName)));
  assert.deepEqual(after.registration?.length, 16);
  const sphere = await collect(
    source.files.filter(({ path }) => path === 'Sphere.mesh').map((file) => ({ name: file.path, open: file.open })),
  );
  const expected = sphere['Sphere.mesh']!.toString('latin1').replace('= Sphere', '= ');
  assert.ok(Object.values(output).some((content) => content.toString('latin1') === expected));
});

function rows(text: string): string[][] {
  return text
    .trimEnd()
    .split('\r\n')
    .map((line) => line.trim().split(/ +/));
}
