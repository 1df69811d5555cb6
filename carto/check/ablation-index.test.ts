import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IndexFormula } from '../study.ts';
import { ablationIndex, activeFormula, coefficientsOf } from './ablation-index.ts';

const by = {
  overallCoefficient: 975,
  forceExponent: 0.68,
  powerExponent: 1.63,
  overallExponent: 0.35,
  clampLowForceValueTo: 5,
};
const samples = (timesMs: number[], values: number[]) => ({
  timesMs: Float64Array.from(timesMs),
  values: Float64Array.from(values),
});
const steady = (seconds: number, force: number, power: number) => {
  const times = Array.from({ length: seconds * 20 }, (_, n) => 1000 + 50 * n);
  return ablationIndex(
    samples(
      times,
      times.map(() => force),
    ),
    samples([900], [power]),
    by,
  );
};

test('steady force and power give the closed form; pressing the other way counts as much; a weak force as five grams', () => {
  const closed = (975 * 10 ** 0.68 * 30 ** 1.63 * 20) ** 0.35;
  assert.ok(Math.abs(steady(20, 10, 30) / closed - 1) < 1e-12);
  assert.equal(steady(20, -10, 30), steady(20, 10, 30));
  assert.equal(steady(20, 1, 30), steady(20, 5, 30));
  assert.equal(steady(20, 10, 0), 0);
});

test('the last power sample is held until the next, and a gap in the force counts for the sample behind it', () => {
  const changing = ablationIndex(samples([0, 50, 100], [10, 10, 10]), samples([0, 75], [20, 40]), by);
  const expected = (975 * 10 ** 0.68 * (0.1 * 20 ** 1.63 + 0.05 * 40 ** 1.63)) ** 0.35;
  assert.ok(Math.abs(changing - expected) < 1e-9);
  const gap = ablationIndex(samples([0, 200], [10, 10]), samples([0], [20]), by);
  assert.ok(Math.abs(gap - (975 * 10 ** 0.68 * 20 ** 1.63 * 0.25) ** 0.35) < 1e-9);
});

const formula = (guid: string, coefficients: object): IndexFormula => ({
  guid,
  name: '',
  type: 2,
  coefficients: new Map(Object.entries(coefficients)),
  limits: new Map(),
});

test('the active formula is the one that the settings name; one that computes nothing has no coefficients', () => {
  const formulas = [formula('A-1', { ...by, overallCoefficient: 0 }), formula('B-2', by), formula('C-3', {})];
  const active = (guid: string) => activeFormula({ settings: [new Map([['FPTIFormulaGUID', guid]])], formulas });
  assert.equal(active('b-2'), formulas[1]);
  assert.equal(active('x'), undefined);
  assert.deepEqual(coefficientsOf(formulas[1]!), by);
  assert.equal(coefficientsOf(formulas[0]!), undefined);
  assert.equal(coefficientsOf(formulas[2]!), undefined);
});
