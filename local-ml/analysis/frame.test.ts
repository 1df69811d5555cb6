import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { labelNumber } from '../anatomy/anatomy.ts';
import { validate } from '../mesh/validate.ts';
import { vectorAt } from '../mesh/vector.ts';
import { shellOf } from '../segmentation/shell.ts';
import { shippedModel } from '../testing/shipped-model.ts';
import { inputOfShell, labelsOfShell, readTestShells } from '../testing/test-shells.ts';
import { analyse } from './analyse.ts';
import type { CaseInput } from './case-input.ts';
import { defaultAnalysisConfig } from './config.ts';
import { frameConflict } from './frame-checks.ts';
import { groundOf } from './ground.ts';

/** Left for right, with triangles that still run counter-clockwise: in shape alone it looks like any atrium. */
function mirrored(input: CaseInput): CaseInput {
  const { positionsMm, triangles, sourceVertex } = input.surface;
  const turned = triangles.map((_, at) => triangles[at % 3 === 0 ? at : at % 3 === 1 ? at + 1 : at - 1]!);
  const flipped = positionsMm.map((mm, at) => (at % 3 === 0 ? -mm : mm));
  const lesions = input.lesions.map((lesion) => ({
    ...lesion,
    placeMm: [-lesion.placeMm[0], lesion.placeMm[1], lesion.placeMm[2]] as const,
  }));
  return { ...input, surface: { positionsMm: flipped, triangles: turned, sourceVertex }, lesions };
}

test('FRAME-01: a mirrored left atrium is told from one that is not, although its shape is as good', async (t) => {
  const model = await shippedModel(t, 'la-regions');
  const deps = {
    config: defaultAnalysisConfig,
    models: { regions: model! },
    runtime: { name: 'test', instructionSet: 'test' },
    checkpoint: passAlways,
  };
  for (const shell of readTestShells().slice(2)) {
    const input = inputOfShell(shell);
    const { findings } = await analyse(input, deps);
    assert.ok(findings.regions, JSON.stringify(findings.abstentions));
    const other = await analyse(mirrored(input), deps);
    assert.equal(other.findings.abstentions[0]?.reason, 'mirrored', JSON.stringify(other.findings.abstentions));
    assert.equal(other.findings.discontinuities, undefined);
    assert.ok(other.findings.needsReview);
  }
});

/** True labels of a shell as ground, and where a vein is. */
function trueGround() {
  const shell = readTestShells()[2]!;
  const found = validate(inputOfShell(shell).surface);
  assert.ok('sound' in found);
  const { sound: surface } = found;
  const labels = labelsOfShell(shell, surface.sourceVertex);
  const confidence = new Float64Array(labels.length).fill(1);
  const ground = (given: Uint8Array) =>
    groundOf(surface, shellOf(surface, surface.halfEdges), { labels: given, confidence });
  const areas = new Float64Array(labels.length).fill(1);
  const placeOf = (label: number) => vectorAt(surface.positionsMm, labels.indexOf(label));
  return { labels, ground, areas, placeOf };
}

test('FRAME-02: tags that staff placed are believed before shape: a vein tagged on the other side, a tricuspid valve', () => {
  const { labels, ground, areas, placeOf } = trueGround();
  const conflict = (...tags: CaseInput['tags']) => frameConflict(ground(labels), areas, tags)?.reason;
  assert.equal(conflict(), undefined);
  assert.equal(
    conflict(
      { name: 'LSPV', placeMm: placeOf(labelNumber.LSPV) },
      { name: 'RIPV', placeMm: placeOf(labelNumber.RIPV) },
    ),
    undefined,
  );
  assert.equal(
    conflict(
      { name: 'RSPV', placeMm: placeOf(labelNumber.LSPV) },
      { name: 'LIPV', placeMm: placeOf(labelNumber.RIPV) },
    ),
    'tags-contradict',
  );
  assert.equal(conflict({ name: 'TA', placeMm: placeOf(labelNumber.BODY) }), 'not-left-atrium');
  assert.equal(conflict({ name: 'RSPV', placeMm: [500, 0, 0] }), undefined);
});

test('FRAME-03: parts that are missing or out of place are a conflict, not an answer', () => {
  const { labels, ground, areas } = trueGround();
  const swapped = (pairs: Readonly<Record<number, number>>) => labels.map((label) => pairs[label] ?? label);
  const { LSPV, LIPV, RSPV, RIPV, BODY, LAA } = labelNumber;
  const reason = (given: Uint8Array) => frameConflict(ground(given), areas, [])?.reason;
  assert.equal(reason(swapped({ [LSPV]: RSPV, [RSPV]: LSPV, [LIPV]: RIPV, [RIPV]: LIPV })), 'pose-conflict');
  assert.equal(reason(swapped({ [LSPV]: LIPV, [LIPV]: LSPV })), 'pose-conflict');
  assert.equal(reason(swapped({ [LSPV]: BODY, [LIPV]: BODY })), 'anatomy-incomplete');
  assert.equal(reason(swapped({ [LAA]: RSPV, [RSPV]: LAA })), 'mirrored');
  assert.equal(reason(swapped({ [RIPV]: RSPV })), undefined);
});
