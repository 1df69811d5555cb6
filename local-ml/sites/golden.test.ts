import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { settingsOf } from '../analysis/find-regions.ts';
import { siteClasses } from '../anatomy/site-class.ts';
import { shippedModels } from '../inference/bundle.ts';
import { weld } from '../mesh/weld.ts';
import { cloudOf, type RegionSettings } from '../segmentation/regions.ts';
import { identity } from '../segmentation/rotation.ts';
import { shellOf } from '../segmentation/shell.ts';
import { shippedModel } from '../testing/shipped-model.ts';
import { inputOfShell, labelsOfShell, shellFolder, type TestShell } from '../testing/test-shells.ts';
import { classifySites } from './classify-sites.ts';
import { siteFeatures } from './site-features.ts';

/** What training recorded (CONTRACT.md, 9): features of all lesions, channel by channel, and their classes. */
interface GoldenSites {
  readonly file: string;
  readonly labels: 'truth' | 'predicted';
  readonly features: readonly (readonly number[])[];
  readonly classes: readonly (number | string)[];
  readonly tolerance: { readonly features: number; readonly classFraction: number };
}

test('SITE-03: the shipped sites model gives what training says: outputs, features from true labels, classes', async (t) => {
  const [sites, regions] = [await shippedModel(t, 'ablation-sites'), await shippedModel(t, 'la-regions')];
  assert.ok(sites && regions, 'both models are shipped');
  await sites.selfTest();
  assert.deepEqual(sites.bundle.manifest.labels, siteClasses);
  const settings = settingsOf(regions) as RegionSettings;
  const { id, version } = sites.bundle.manifest;
  const { shells } = JSON.parse(readFileSync(join(shippedModels, id, version, 'golden.json'), 'utf8')) as {
    shells: GoldenSites[];
  };
  const fromTruth = shells.filter(({ labels }) => labels === 'truth');
  assert.ok(fromTruth.length > 0);
  for (const expected of fromTruth) {
    const given = JSON.parse(readFileSync(join(shellFolder, expected.file), 'utf8')) as TestShell;
    const welded = weld({
      positionsMm: Float64Array.from(given.vertices),
      triangles: Uint32Array.from(given.triangles),
    });
    const shell = shellOf(welded);
    const points = settings.sampling.seeds.flatMap((seed) => [...cloudOf(shell, seed, settings).points.positions]);
    const middle = [0, 1, 2].map(
      (axis) => points.reduce((sum, mm, at) => (at % 3 === axis ? sum + mm : sum), 0) / (points.length / 3),
    );
    const centreMm = middle as [number, number, number];
    const labels = labelsOfShell(given, welded.sourceVertex);
    const { lesions } = inputOfShell(given);
    const features = siteFeatures({ shell, labels, centreMm, turn: identity }, lesions)!;
    for (const [at, value] of expected.features.flat().entries()) {
      const [channel, lesion] = [Math.floor(at / lesions.length), at % lesions.length];
      assert.ok(
        Math.abs(features[at]! - value) <= expected.tolerance.features,
        `${expected.file} channel ${channel} lesion ${lesion}: ${features[at]} ${value}`,
      );
    }
    const found = await classifySites(sites.run, features);
    const differing = found.filter(({ site }, at) => {
      const wanted = expected.classes[at]!;
      return site !== (typeof wanted === 'number' ? siteClasses[wanted] : wanted);
    });
    assert.ok(
      differing.length / found.length <= expected.tolerance.classFraction,
      `${differing.length} of ${found.length}`,
    );
  }
});
