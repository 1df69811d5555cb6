import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { identify } from '../identify.ts';
import type { Study } from '../study.ts';
import { auxiliarySource, porcineSource, withSamples } from '../testing/samples.ts';
import { readStudy } from './read-study.ts';

const study = withSamples.skip ? undefined : await readStudy(await porcineSource(), passAlways);
const porcine = (name: string, check: (study: Study) => void | Promise<void>) =>
  test(`porcine sample: ${name}`, withSamples, () => check(study!));

porcine('maps, meshes, points, colorings, tags', ({ maps, colorings, tags, warnings, leftOut }) => {
  assert.deepEqual(
    maps.map(({ name, mesh, points }) => [
      name,
      mesh!.positionsMm.length / 3,
      mesh!.triangles.length / 3,
      points.length,
    ]),
    [
      ['1-Map', 3513, 7022, 0],
      ['1-1-ReMap', 3513, 7022, 0],
      ['2-Map', 2916, 5828, 2],
      ['3-Map', 2083, 4162, 0],
    ],
  );
  assert.deepEqual([colorings.length, tags.length], [13, 26]);
  assert.deepEqual(leftOut, [{ kind: 'nmarq-mapping', count: 1 }]);
  assert.deepEqual(warnings, [
    { code: 'repeated-file', kind: 'rf', count: 12 },
    { code: 'repeated-file', kind: 'contact-force-in-rf', count: 12 },
  ]);
});

porcine('closed meshes enclose the volume that the study states, seen from outside', ({ maps }) => {
  for (const { mesh, volumeMl } of [maps[2]!, maps[3]!]) {
    assert.ok(Math.abs(signedVolumeMl(mesh!.positionsMm, mesh!.triangles) - volumeMl!) < 0.01);
  }
});

porcine('lesions, sessions and tables', ({ visiTag, applications }) => {
  assert.ok(visiTag);
  const { sites, sessions, ablationData, contactForceData, grids } = visiTag;
  assert.equal(sites.length, 22);
  assert.equal(sites[0]?.rfIndex, 196.974);
  assert.equal(Math.max(...sites.map((site) => site.rfIndex ?? 0)), 493.747);
  assert.equal(sites.find((site) => site.rfIndex === 493.747)?.siteIndex, 18);
  assert.ok(sites.every((site) => site.firstPassedStudyMs! - site.firstStudyMs! === 3000));
  assert.deepEqual([sessions.length, ablationData?.rows, contactForceData?.rows, grids?.rows], [22, 7297, 14532, 554]);
  assert.equal(applications.length, 22);
  assert.ok(applications.every((one) => one.generator && one.force));
  assert.equal(applications.filter((one) => one.maps.length === 2).length, 12);
});

porcine('ECG of the first point, and no LAT at both points', async ({ maps }) => {
  const recordings = maps[2]!.points.map((point) => point.recording!);
  assert.deepEqual(
    recordings.map((recording) => recording.latMs),
    [undefined, undefined],
  );
  const ecg = await recordings[0]!.loadEcg();
  assert.deepEqual([ecg?.channels.length, ecg?.samples], [26, 2500]);
  assert.deepEqual(
    ecg?.channels.slice(0, 3).map(({ counts }) => counts[0]),
    [33, 32, -176],
  );
});

porcine('stored voltages are peak to peak in the window of interest', async ({ maps }) => {
  for (const point of maps[2]!.points) {
    const { window, referenceSample, unipolarMv, bipolarMv, loadEcg } = point.recording!;
    const ecg = await loadEcg();
    for (const [name, stored] of [
      ['M1', unipolarMv],
      ['M1-M2', bipolarMv],
    ] as const) {
      const { counts } = ecg!.channels.find((channel) => channel.name === name)!;
      const inside = counts.slice(referenceSample + window!.fromMs, referenceSample + window!.toMs + 1);
      const mv = (Math.max(...inside) - Math.min(...inside)) * ecg!.mvPerCount;
      assert.equal(mv.toFixed(3), stored!.toFixed(3));
    }
  }
});

porcine('identity: counts, and marks of maps, sessions and points', async () => {
  const identity = await identify(await porcineSource(), passAlways, Buffer.alloc(32));
  assert.deepEqual(identity.counts, { maps: 4, points: 2, lesions: 22 });
  assert.equal(identity.marks.length, 4 + 22 + 2);
});

test(
  'auxiliary sample: imported surfaces; everything else of the study is missing and only warned of',
  withSamples,
  async () => {
    const { shells, warnings, maps } = await readStudy(await auxiliarySource(), passAlways);
    assert.deepEqual(
      shells.map(({ mesh }) => [mesh!.positionsMm.length / 3, mesh!.triangles.length / 3]),
      [
        [842, 1680],
        [8, 12],
      ],
    );
    assert.deepEqual(
      maps.map(({ mesh }) => mesh),
      [undefined, undefined, undefined, undefined],
    );
    assert.ok(warnings.some(({ code, kind, count }) => code === 'missing-file' && kind === 'mesh' && count === 4));
  },
);

function signedVolumeMl(positions: Float32Array, triangles: Uint32Array): number {
  const corner = (at: number, axis: number) => positions[3 * triangles[at]! + axis]!;
  let sixfold = 0;
  for (let at = 0; at < triangles.length; at += 3) {
    const [a, b, c] = [at, at + 1, at + 2].map((index) => [0, 1, 2].map((axis) => corner(index, axis)));
    const [ax, ay, az] = a as [number, number, number];
    const [bx, by, bz] = b as [number, number, number];
    const [cx, cy, cz] = c as [number, number, number];
    sixfold += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
  }
  return sixfold / 6000;
}
