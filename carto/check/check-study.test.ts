import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { openFolder } from '../folder.ts';
import { readStudy } from '../read/read-study.ts';
import { simulateStudy } from '../simulate/index.ts';
import { memorySource } from '../testing/memory-source.ts';
import { porcineSource, withSamples } from '../testing/samples.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { checkStudy } from './check-study.ts';
import type { CheckResult } from './result.ts';

const home = mkdtempSync(join(tmpdir(), 'check-'));
after(() => rmSync(home, { recursive: true, force: true }));
const made = await simulateStudy({ folder: home, seed: 12, points: 4 });

async function checkFolder(folder: string): Promise<readonly CheckResult[]> {
  const study = await readStudy(await openFolder(folder, passAlways), passAlways);
  return (await checkStudy(study, passAlways)).results;
}

/** How often a check ended how. */
function outcomes(results: readonly CheckResult[]): Record<string, string> {
  const tally: Record<string, string> = {};
  for (const { check } of results) {
    const of = results.filter((one) => one.check === check);
    const kinds = [...new Set(of.map(({ outcome }) => outcome))].sort();
    tally[check] = kinds.map((kind) => `${of.filter(({ outcome }) => outcome === kind).length} ${kind}`).join(', ');
  }
  return tally;
}

test('a simulated study agrees with itself in everything that is checked', async () => {
  const { points, lesions } = made.counts;
  const results = await checkFolder(made.folder);
  assert.deepEqual(outcomes(results), {
    volume: '2 ok',
    area: '2 measured',
    'boundary-edges': '2 ok',
    'crowded-edges': '2 ok',
    'turned-edges': '2 ok',
    euler: '2 measured',
    normals: '2 ok',
    'point-density': '2 measured',
    lat: `${points} ok`,
    'car-voltage': `${points} ok`,
    unipolar: `${points} ok`,
    bipolar: `${points} ok`,
    ...Object.fromEntries(
      [
        'duration',
        'average-force',
        'force-time-integral',
        'ablation-index',
        'base-impedance',
        'max-power',
        'max-temperature',
      ].map((check) => [check, `${lesions} ok`]),
    ),
  });
});

test('without signals no ECG is read, and all but the voltages is checked', async () => {
  const study = await readStudy(await openFolder(made.folder, passAlways), passAlways);
  const { results } = await checkStudy(study, passAlways, { signals: false });
  assert.deepEqual([...new Set(results.map(({ check }) => check))].includes('bipolar'), false);
  assert.ok(results.some(({ check }) => check === 'ablation-index'));
});

/** Changes one file of the simulated export for the time of a check. */
async function changed(file: string, change: (text: string) => string): Promise<readonly CheckResult[]> {
  const path = join(made.folder, file);
  const before = readFileSync(path);
  const text = change(before.toString('latin1'));
  assert.notEqual(text, before.toString('latin1'), 'the change changes something');
  writeFileSync(path, text, 'latin1');
  try {
    return await checkFolder(made.folder);
  } finally {
    writeFileSync(path, before);
  }
}

const differing = (results: readonly CheckResult[]) =>
  results.filter(({ outcome }) => outcome === 'differs').map(({ check, subject }) => ({ check, subject }));

test('a stated value that the recordings do not give is found, with its place', async () => {
  const [map] = (await readStudy(await openFolder(made.folder, passAlways), passAlways)).maps;
  const point = (n: number) => `${map?.name}_P${n}_Point_Export.xml`;
  assert.deepEqual(
    differing(await changed(point(2), (text) => text.replace(/ Unipolar="[^"]*"/, ' Unipolar="0.001"'))),
    [{ check: 'unipolar', subject: { kind: 'point', map: 1, point: 2 } }],
  );
  const late = await changed(point(3), (text) =>
    text.replace(/Map_Annotation="(-?\d+)"/, (_, at) => `Map_Annotation="${Number(at) < 0 ? 2001 : Number(at) + 9}"`),
  );
  assert.deepEqual(differing(late), [{ check: 'lat', subject: { kind: 'point', map: 1, point: 3 } }]);
  const formula = await changed('VisiTagExport/fpti-formulas.xml', (text) => text.replaceAll('975.00', '990.00'));
  assert.deepEqual(new Set(differing(formula).map(({ check }) => check)), new Set(['ablation-index']));
  assert.equal(differing(formula).length, made.counts.lesions);
});

test('what cannot be checked says why: an ECG that is gone or damaged, a formula that nobody names', async () => {
  const files = tinyExport();
  const of = async (more: Record<string, string>, gone?: string) => {
    const all = Object.fromEntries(Object.entries({ ...files, ...more }).filter(([path]) => path !== gone));
    const { results } = await checkStudy(await readStudy(memorySource(all), passAlways), passAlways);
    return (check: string, at = 0) => results.filter((one) => one.check === check)[at];
  };
  const ecg = '1-LA_P1_ECG_Export.txt';
  const noEcg = 'the ECG was not exported or is damaged';
  assert.equal((await of({}, ecg))('bipolar', 1)?.reason, noEcg);
  assert.equal((await of({ [ecg]: 'ECG_Export_4.0\r\nx' }))('bipolar')?.reason, noEcg);
  const whole = await of({});
  assert.equal(whole('bipolar')?.reason, 'the window of interest is not in the ECG');
  assert.equal(whole('bipolar', 1)?.reason, 'the channel is not in the ECG');
  assert.equal(whole('ablation-index')?.reason, 'the active formula has no coefficients');
  assert.equal(whole('average-force')?.reason, 'the lesion has no trace');
  const settings = files['VisiTagExport/VisiTagSettings.txt']!.toString().replace('FPTIFormulaGUID', 'FPTIFormulaGone');
  const unnamed = await of({ 'VisiTagExport/VisiTagSettings.txt': settings });
  assert.equal(unnamed('ablation-index')?.reason, 'the settings name no formula of the export');
});

test(
  'porcine sample: voltages exact, all lesions within tolerance, volume of closed maps within 0.01 ml',
  withSamples,
  async () => {
    const study = await readStudy(await porcineSource(), passAlways);
    const { results } = await checkStudy(study, passAlways);
    assert.deepEqual(differing(results), []);
    const count = (check: string, outcome: string) =>
      results.filter((one) => one.check === check && one.outcome === outcome).length;
    assert.deepEqual([count('volume', 'ok'), count('volume', 'not-applicable')], [2, 2]);
    for (const check of ['lat', 'unipolar', 'bipolar']) assert.equal(count(check, 'ok'), 2, check);
    const index = results.filter(({ check }) => check === 'ablation-index');
    assert.equal(index.length, 22);
    for (const { outcome, deviation } of index) {
      assert.equal(outcome, 'ok');
      assert.ok(Math.abs(deviation!) <= 0.2, `${deviation} %`);
    }
    for (const { deviation } of results.filter(({ check }) => check === 'volume')) {
      assert.ok(deviation === undefined || Math.abs(deviation) <= 0.01);
    }
    for (const { deviation } of results.filter(({ check }) => check === 'unipolar' || check === 'bipolar')) {
      assert.ok(Math.abs(deviation!) < 1e-9, 'the same three decimals');
    }
  },
);
