import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAtrium } from './atrium.ts';
import { vesselDepth } from './chamber.ts';
import { antralRing, type LesionTarget, planLesions } from './lesions.ts';
import { randomOf } from './random.ts';
import { distanceBetween } from './vector.ts';

const seeds = Array.from({ length: 20 }, (_, n) => n + 1);
const plan = (seed: number, gapMm?: number) => {
  const atrium = makeAtrium(randomOf(seed, 'anatomy'));
  return { atrium, ...planLesions(atrium, { random: randomOf(seed, 'lesions'), scar: atrium.centre, gapMm }) };
};

/** How far a ring is open: the widest way along the ring between two neighbouring lesions. */
function widestStep(targets: readonly LesionTarget[], ring: ReturnType<typeof antralRing>): number {
  const { places } = ring;
  const along = [0];
  for (let n = 1; n < places.length; n += 1) along.push(along[n - 1]! + distanceBetween(places[n - 1]!, places[n]!));
  const marks = targets.map(({ place }) => {
    const gaps = places.map((other) => distanceBetween(other, place));
    return along[gaps.indexOf(Math.min(...gaps))]!;
  });
  marks.sort((a, b) => a - b);
  return Math.max(...marks.map((mark, n) => (marks[n + 1] ?? marks[0]! + ring.totalMm) - mark));
}

test('each vein pair gets a closed ring of 50 to 70 lesions in all, on the wall and outside the veins', () => {
  for (const seed of seeds) {
    const { atrium, targets, gap } = plan(seed);
    assert.equal(gap, undefined);
    assert.ok(targets.length >= 50 && targets.length <= 70, `seed ${seed}: ${targets.length} lesions`);
    for (const side of ['left', 'right'] as const) {
      const own = targets.filter((target) => target.line === side);
      const widest = widestStep(own, antralRing(atrium, side));
      assert.ok(widest < 7, `seed ${seed}, ${side}: open by ${widest} mm`);
    }
    for (const { place } of targets) {
      assert.ok(Math.abs(atrium.distance(...place)) < 0.05, `seed ${seed}: off the wall`);
      assert.ok(vesselDepth(atrium, place) < 6, `seed ${seed}: ${vesselDepth(atrium, place)} mm deep in a vein`);
    }
  }
});

test('the operator finishes one side first and walks from lesion to neighbour', () => {
  for (const seed of seeds) {
    const { targets } = plan(seed);
    const changes = targets.filter((target, n) => n > 0 && target.line !== targets[n - 1]!.line).length;
    assert.equal(changes, 1);
    const steps = targets.slice(1).map((target, n) => distanceBetween(target.place, targets[n]!.place));
    assert.ok(steps.filter((step) => step < 7).length > 0.8 * steps.length, `seed ${seed}`);
  }
});

test('a gap that was asked for is left open in exactly one ring, by that much', () => {
  for (const seed of seeds) {
    const { atrium, targets, gap } = plan(seed, 14);
    assert.ok(gap);
    const open = (['left', 'right'] as const).filter(
      (side) =>
        widestStep(
          targets.filter((target) => target.line === side),
          antralRing(atrium, side),
        ) > 9,
    );
    assert.deepEqual(open, [gap.side]);
    const ring = antralRing(atrium, gap.side as 'left' | 'right');
    const widest = widestStep(
      targets.filter((target) => target.line === gap.side),
      ring,
    );
    assert.ok(Math.abs(widest - 14) < 1.5, `seed ${seed}: open by ${widest} mm`);
    const nearest = Math.min(...targets.map(({ place }) => distanceBetween(place, gap.centre)));
    assert.ok(nearest > 4.5, `seed ${seed}: a lesion ${nearest} mm from the gap's centre`);
  }
});
