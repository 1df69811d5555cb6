import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shareBelow } from './clip.ts';
import { triangleAreasMm2 } from './mesh/measure.ts';
import { sheet, sphere } from './testing/shapes.ts';
import { defaultVoltageConfig, measureVoltage, together } from './voltage.ts';

/** The closed form for one linear value over a triangle: the rival of the clipping. */
function closedForm(corners: readonly number[], t: number): number {
  const [a, b, c] = [...corners].sort((x, y) => x - y) as [number, number, number];
  if (t <= a) return 0;
  if (t > c) return 1;
  return t <= b ? (t - a) ** 2 / ((b - a) * (c - a)) : 1 - (c - t) ** 2 / ((c - a) * (c - b));
}

/** With three decimals, as an export writes them. */
const millivolts = fc.integer({ min: 0, max: 5000 }).map((thousandths) => thousandths / 1000);
const corners = fc.tuple(millivolts, millivolts, millivolts);

test('VOLT-01: a clipped triangle has the share that the closed form gives', () => {
  fc.assert(
    fc.property(corners, millivolts, (values, below) => {
      assert.ok(Math.abs(shareBelow({ corners: values, below }) - closedForm(values, below)) < 1e-9);
    }),
    { numRuns: 2000 },
  );
});

test('VOLT-01: two bounds at once: never more than either, and all of it in the four quarters', () => {
  fc.assert(
    fc.property(corners, millivolts, corners, millivolts, (a, ta, b, tb) => {
      const turned = (values: readonly number[]) => values.map((value) => -value) as [number, number, number];
      const [below, above] = [
        { corners: a, below: ta },
        { corners: turned(a), below: -ta },
      ];
      const [low, high] = [
        { corners: b, below: tb },
        { corners: turned(b), below: -tb },
      ];
      const quarters = [below, above].flatMap((x) => [low, high].map((y) => shareBelow(x, y)));
      // A triangle on which a value equals its bound everywhere is on neither side.
      const isLevel = a.every((value) => value === ta) || b.every((value) => value === tb);
      if (!isLevel) assert.ok(Math.abs(quarters.reduce((sum, share) => sum + share, 0) - 1) < 1e-6);
      assert.ok(shareBelow(below, low) <= Math.min(shareBelow(below), shareBelow(low)) + 1e-9);
    }),
    { numRuns: 2000 },
  );
});

test('VOLT-02: a strip on a sheet, whose border runs through the triangles, is measured to rounding', () => {
  const surface = sheet(100, 40, 23, 11);
  const bipolarMv = new Float64Array(surface.positionsMm.length / 3).map((_, at) => surface.positionsMm[3 * at]! / 50);
  const [all] = measureVoltage(
    {
      ...surface,
      areasMm2: triangleAreasMm2(surface),
      bipolarMv,
      regionOf: Array(surface.triangles.length / 3).fill('x'),
    },
    defaultVoltageConfig,
  );
  assert.ok(Math.abs(all!.areaMm2 - 4000) < 1e-8);
  assert.ok(Math.abs(all!.belowMm2[0]! - 10 * 40) < 1e-8);
  assert.ok(Math.abs(all!.belowMm2[1]! - 25 * 40) < 1e-8);
});

test('VOLT-02: a cap of a sphere comes nearer to its closed form as the mesh becomes finer', () => {
  const errors = [20, 40, 80].map((rings) => {
    const surface = sphere(30, rings);
    const bipolarMv = new Float64Array(surface.positionsMm.length / 3).map(
      (_, at) => (30 - surface.positionsMm[3 * at + 2]!) / 20,
    );
    const [all] = measureVoltage(
      {
        ...surface,
        areasMm2: triangleAreasMm2(surface),
        bipolarMv,
        regionOf: Array(surface.triangles.length / 3).fill('x'),
      },
      defaultVoltageConfig,
    );
    return Math.abs(all!.belowMm2[1]! - 2 * Math.PI * 30 * 10) / (2 * Math.PI * 30 * 10);
  });
  assert.ok(errors[2]! < 0.002 && errors[2]! < errors[1]! / 3 && errors[1]! < errors[0]! / 3, errors.join());
});

test('VOLT-03: regions sum to the whole; what is left out, without a value or far from a point is not in the denominator', () => {
  const surface = sheet(100, 40, 20, 8);
  const count = surface.triangles.length / 3;
  const x = (at: number) => surface.positionsMm[3 * at]!;
  const bipolarMv = new Float64Array(surface.positionsMm.length / 3).map((_, at) => (x(at) > 90 ? Number.NaN : 0.1));
  const fillMm = new Float64Array(surface.positionsMm.length / 3).map((_, at) => Math.abs(x(at) - 20));
  const regionOf = Array.from({ length: count }, (_, t) => {
    const left = Math.min(...[0, 1, 2].map((k) => x(surface.triangles[3 * t + k]!)));
    return left < 10 ? undefined : left < 50 ? 'near' : 'far';
  });
  const field = { ...surface, areasMm2: triangleAreasMm2(surface), bipolarMv, regionOf };
  const bare = together('all', measureVoltage(field, defaultVoltageConfig));
  assert.ok(Math.abs(bare.areaMm2 - 90 * 40) < 1e-8);
  assert.ok(Math.abs(bare.mappedMm2 - 80 * 40) < 1e-8);
  const filled = measureVoltage({ ...field, fillMm }, defaultVoltageConfig);
  const near = filled.find(({ region }) => region === 'near')!;
  assert.ok(Math.abs(near.mappedMm2 - 20 * 40) < 1e-8, `${near.mappedMm2}`);
  assert.ok(Math.abs(near.belowMm2[1]! - near.mappedMm2) < 1e-8);
  assert.equal(filled.find(({ region }) => region === 'far')!.mappedMm2, 0);
});

test('VOLT-03: 10 000 random voltages: below a threshold never exceeds what is mapped, and rises with it', () => {
  const surface = sphere(25, 30);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
      let state = seed;
      const bipolarMv = new Float64Array(surface.positionsMm.length / 3).map(() => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return (state / 2 ** 32) * 2;
      });
      const [all] = measureVoltage(
        {
          ...surface,
          areasMm2: triangleAreasMm2(surface),
          bipolarMv,
          regionOf: Array(surface.triangles.length / 3).fill('x'),
        },
        { ...defaultVoltageConfig, thresholdsMv: [0.1, 0.2, 0.5, 1.5, 3] },
      );
      const rising = all!.belowMm2.every((area, n) => area >= (all!.belowMm2[n - 1] ?? 0) - 1e-9);
      assert.ok(rising && Math.abs(all!.belowMm2[4]! - all!.mappedMm2) < 1e-6);
    }),
    { numRuns: 20 },
  );
});
