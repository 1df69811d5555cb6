import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { settingsOf } from '../analysis/find-regions.ts';
import { shippedModels } from '../inference/bundle.ts';
import { weld } from '../mesh/weld.ts';
import { shippedModel } from '../testing/shipped-model.ts';
import { shellFolder, type TestShell } from '../testing/test-shells.ts';
import { featureColumns, featuresOf } from './features.ts';
import { cloudOf, type RegionSettings, segment } from './regions.ts';
import { fitRotation, identity, type Rotation, turned } from './rotation.ts';
import { shellOf } from './shell.ts';

/** What training recorded of its own preprocessing (CONTRACT.md, 9). */
interface GoldenShell {
  readonly file: string;
  readonly samples: {
    readonly seed: number;
    readonly points: readonly number[][];
    readonly normals: readonly number[][];
  };
  readonly features: readonly number[][];
  readonly nbr0: readonly number[][];
  readonly pose: { readonly known: readonly number[][]; readonly unknown: readonly number[][] };
  readonly labels: string;
  readonly tolerance: {
    readonly points: number;
    readonly features: number;
    readonly pose: number;
    readonly labelFraction: number;
  };
}

const near = (a: ArrayLike<number>, b: readonly number[], tolerance: number, what: string) => {
  for (const [at, value] of b.entries())
    assert.ok(Math.abs(a[at]! - value) <= tolerance, `${what} ${at}: ${a[at]} ${value}`);
};

test('SEG-01: the shipped regions model gives what training says: outputs, points, features, neighbours, pose and labels', async (t) => {
  const model = await shippedModel(t, 'la-regions');
  assert.ok(model, 'a regions model is shipped');
  await model.selfTest();
  const { id, version } = model.bundle.manifest;
  const settings = settingsOf(model) as RegionSettings;
  const golden = JSON.parse(readFileSync(join(shippedModels, id, version, 'golden.json'), 'utf8')) as {
    shells: GoldenShell[];
  };
  assert.ok(golden.shells.length > 0);
  for (const expected of golden.shells) {
    const { tolerance } = expected;
    const given = JSON.parse(readFileSync(join(shellFolder, expected.file), 'utf8')) as TestShell;
    const welded = weld({
      positionsMm: Float64Array.from(given.vertices),
      triangles: Uint32Array.from(given.triangles),
    });
    const shell = shellOf(welded);
    const cloud = cloudOf(shell, expected.samples.seed, settings);
    near(cloud.points.positions, expected.samples.points.flat(), tolerance.points, 'point');
    near(cloud.points.normals, expected.samples.normals.flat(), tolerance.points, 'normal');
    assert.deepEqual([...cloud.graphs.nbr[0]!.subarray(0, expected.nbr0.flat().length)], expected.nbr0.flat());
    const x = featuresOf(cloud.points, cloud.invariants, identity);
    near(x, expected.features.flat(), tolerance.features, `feature (of ${featureColumns})`);
    // Two dozen starts take their time: once is enough.
    for (const isPoseKnown of expected === golden.shells[0] ? [true, false] : [true]) {
      const found = await segment(shell, { run: model.run, settings, isPoseKnown, checkpoint: passAlways });
      near(
        found!.pose.rotation,
        (isPoseKnown ? expected.pose.known : expected.pose.unknown).flat(),
        tolerance.pose,
        'pose',
      );
      if (!isPoseKnown) continue;
      const labels = Buffer.from(expected.labels, 'base64');
      const differing = labels.filter((label, vertex) => found!.labels[welded.placeOf[vertex]!] !== label).length;
      assert.ok(differing / labels.length <= tolerance.labelFraction, `${differing} of ${labels.length} labels differ`);
    }
  }
});

test('SEG-02: the fitted rotation is the one that was applied, and proper even where a mirrored one would fit better', () => {
  const angle = 0.7;
  const q: Rotation = [Math.cos(angle), -Math.sin(angle), 0, Math.sin(angle), Math.cos(angle), 0, 0, 0, 1];
  const places = [
    [1, 2, 3],
    [4, -1, 0],
    [0, 5, 2],
    [-3, 1, 1],
  ] as const;
  const { rotation, residual } = fitRotation(
    places,
    places.map((place) => turned(q, place)),
  );
  near(rotation, [...q], 1e-9, 'rotation');
  assert.ok(residual < 1e-9);
  const mirrored = fitRotation(
    places,
    places.map(([x, y, z]) => [-x, y, z] as const),
  );
  const [a, b, c, d, e, f, g, h, i] = mirrored.rotation as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  assert.ok(Math.abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) - 1) < 1e-9);
  assert.ok(mirrored.residual > 0.1);
});
