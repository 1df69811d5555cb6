import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Study } from '../../carto/index.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { passAlways } from '../../core/gate-flag.ts';
import { findingsSchema, notForDiagnosis } from '../../protocol/findings.ts';
import { siteClasses } from '../anatomy/site-class.ts';
import type { SurfaceOfMesh } from '../mesh/surface.ts';
import { beside, sphere, surfaceFrom } from '../testing/shapes.ts';
import { inputOfShell, readTestShells } from '../testing/test-shells.ts';
import { type AnalyseDeps, analyse } from './analyse.ts';
import { type CaseInput, caseInputOf, digestOf } from './case-input.ts';
import { defaultAnalysisConfig } from './config.ts';
import { rounded } from './round.ts';

const bare: AnalyseDeps = {
  config: defaultAnalysisConfig,
  models: {},
  runtime: { name: 'none', instructionSet: 'none' },
  checkpoint: passAlways,
};
const [shell] = readTestShells();
const whole = inputOfShell(shell!);
const chamber = sphere(35, 40);
const on = (surface: SurfaceOfMesh, more: Partial<CaseInput> = {}): CaseInput => ({
  ...{ chamberHint: 'none', surface, meshVertices: surface.positionsMm.length / 3, tags: [], lesions: [] },
  bipolarMv: new Float64Array(surface.positionsMm.length / 3).fill(1),
  mappedMm: new Float64Array(),
  ...more,
});
const far = Array.from({ length: 3000 }, (_, order) => ({ order, placeMm: [500 + order, 0, 0] as const }));
const scaled = (by: number) =>
  surfaceFrom(
    [...chamber.positionsMm].map((mm) => mm * by),
    [...chamber.triangles],
  );

// biome-ignore format: the columns are the documentation
const bad: readonly (readonly [string, CaseInput, readonly string[]])[] = [
  ['no surface at all',             on(surfaceFrom([], [])),                                        ['everything no-surface']],
  ['a coordinate that is no number', on(surfaceFrom([Number.NaN, ...chamber.positionsMm.slice(1)], [...chamber.triangles])), ['everything not-finite']],
  ['12 vertices',                   on(surfaceFrom([...chamber.positionsMm.slice(0, 36)], [0, 1, 2])), ['everything too-few-vertices']],
  ['two shells',                    on(beside(chamber, sphere(25, 20), 120)),                       ['everything several-shells']],
  ['metres taken for millimetres',  on(scaled(0.001)),                                              ['everything wrong-units']],
  ['mirrored',                      on(surfaceFrom([...chamber.positionsMm].map((mm, n) => (n % 3 === 0 ? -mm : mm)), [...chamber.triangles])), ['everything inside-out']],
  ['a map named after another chamber', on(chamber, { chamberHint: 'other' }),                      ['regions not-left-atrium', 'lesions no-lesions']],
  ['no model',                      on(chamber),                                                    ['regions no-model', 'lesions no-lesions']],
  ['no voltage anywhere',           on(chamber, { bipolarMv: new Float64Array(chamber.positionsMm.length / 3).fill(Number.NaN) }), ['regions no-model', 'lesions no-lesions', 'voltage no-voltage']],
  ['3,000 lesions far from the shell', on(chamber, { lesions: far }),                              ['regions no-model', 'lesions too-many-lesions']],
  ['300 lesions far from the shell', on(chamber, { lesions: far.slice(0, 300) }),                  ['regions no-model', 'lesions lesions-off-surface']],
  ['lesions whose places are no numbers', on(chamber, { lesions: [{ order: 0, placeMm: [Number.NaN, 0, 0] }] }), ['regions no-model', 'lesions lesions-off-surface']],
];

for (const [name, input, expected] of bad) {
  test(`BAD-01: ${name}: abstains, with the reason, in a document that keeps to the schema`, async () => {
    const { findings } = await analyse(input, bare);
    assert.deepEqual(
      findings.abstentions.map(({ of, reason }) => `${of} ${reason}`),
      expected,
    );
    assert.deepEqual(findingsSchema.parse(JSON.parse(canonicalJson(findings))), findings);
    assert.equal(findings.discontinuities, undefined);
    assert.equal(findings.regions, undefined);
    assert.equal(findings.notice, notForDiagnosis);
  });
}

test('FIND-01: without a model what needs none is told: area, volume, voltage of the whole shell, lesions as they are', async () => {
  const { findings } = await analyse(whole, bare);
  assert.ok(findings.chamber!.areaCm2 > 60 && findings.chamber!.volumeMl > 30);
  assert.equal(findings.voltage!.body, undefined);
  const [lower, upper] = findings.voltage!.wholeShell.below;
  assert.ok(lower!.areaCm2 <= upper!.areaCm2 && upper!.areaCm2 <= findings.voltage!.wholeShell.mappedCm2);
  assert.ok(findings.voltage!.wholeShell.mappedCm2 < findings.voltage!.wholeShell.areaCm2);
  assert.equal(findings.lesions!.all.lesions + findings.lesions!.offSurface, shell!.lesions.length);
  assert.equal(findings.lesions!.all.belowIndexTarget, undefined);
  assert.deepEqual(findings.lesions!.segments, []);
  assert.deepEqual(
    findings.abstentions.map(({ of }) => of),
    ['regions', 'sites', 'discontinuities'],
  );
});

test('FIND-02: the same case gives the same bytes; another one, be it by a micrometre, another digest', async () => {
  const [one, two] = [await analyse(whole, bare), await analyse(inputOfShell(shell!), bare)];
  assert.equal(canonicalJson(one.findings), canonicalJson(two.findings));
  const moved = {
    ...whole,
    surface: { ...whole.surface, positionsMm: whole.surface.positionsMm.map((mm, at) => (at === 7 ? mm + 1e-3 : mm)) },
  };
  assert.notEqual(digestOf(moved), digestOf(whole));
  const { index: _index, ...unindexed } = whole.lesions[0]!;
  assert.notEqual(digestOf({ ...whole, lesions: [unindexed, ...whole.lesions.slice(1)] }), digestOf(whole));
  assert.equal(digestOf({ ...whole, bipolarMv: whole.bipolarMv.slice() }), digestOf(whole));
});

test('FIND-03: measured numbers are rounded by their names, settings are not, and nothing becomes minus zero', () => {
  assert.deepEqual(
    rounded({
      areaCm2: 1.23456,
      place: [-0.04, 12.345, -7.25],
      confidence: 0.98765,
      forceG: { n: 3, min: 1.26, mean: 2.349 },
      below: [{ mv: 0.5, percent: 33.333 }],
    }),
    {
      areaCm2: 1.23,
      place: [0, 12.3, -7.3],
      confidence: 0.99,
      forceG: { n: 3, min: 1.3, mean: 2.3 },
      below: [{ mv: 0.5, percent: 33.3 }],
    },
  );
});

test('FIND-04: the map of a left atrium is chosen by its name, then by points; other chambers are known by theirs', () => {
  const mesh = {
    positionsMm: new Float32Array(9),
    triangles: Uint32Array.of(0, 1, 2),
    triangleGroups: Int32Array.of(0),
    colors: [],
  };
  const study = (...names: readonly (readonly [string, number])[]) =>
    ({
      tags: [],
      maps: names.map(([name, points]) => ({
        name,
        mesh,
        points: Array(points).fill({ id: 1, tagIds: [], positionMm: [0, 0, 0] }),
        car: new Map(),
      })),
    }) as unknown as Study;
  const chosen = (...names: readonly (readonly [string, number])[]) => {
    const { map, chamberHint } = caseInputOf(study(...names));
    return [map, chamberHint];
  };
  assert.deepEqual(chosen(['1-RA', 900], ['2-LA Sinus', 10]), [2, 'left-atrium']);
  assert.deepEqual(chosen(['1-LAT map', 10], ['2-Map', 30]), [2, 'none']);
  assert.deepEqual(chosen(['Simulated RA 1', 5]), [1, 'other']);
  assert.deepEqual(chosen(['1-Left Atrium', 1], ['1-1-ReMap left atrium', 9]), [2, 'left-atrium']);
  assert.deepEqual(chosen(['3-RVOT PVC', 5]), [1, 'other']);
  assert.deepEqual(caseInputOf(study()).map, undefined);
});

test('SITE-02: the classes are the 23 of the contract, in its order', () => {
  assert.equal(siteClasses.length, 23);
  assert.deepEqual(
    [siteClasses[0], siteClasses[8], siteClasses[16], siteClasses[22]],
    ['L_ROOF', 'R_ROOF', 'ROOF_LINE', 'LAA'],
  );
});
