import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalAgreement, signedVolumeMl, visibleAreaCm2 } from './geometry.ts';
import { topologyOf } from './topology.ts';

/** A box of 10 × 20 × 30 mm, twelve triangles, counter-clockwise from outside. */
const corners = [0, 1].flatMap((z) => [0, 1].flatMap((y) => [0, 1].map((x) => [10 * x, 20 * y, 30 * z])));
const positionsMm = Float32Array.from(corners.flat());
const quads = [
  [0, 2, 3, 1],
  [4, 5, 7, 6],
  [0, 1, 5, 4],
  [2, 6, 7, 3],
  [0, 4, 6, 2],
  [1, 3, 7, 5],
] as const;
const triangles = Uint32Array.from(quads.flatMap(([a, b, c, d]) => [a, b, c, a, c, d]));
const triangleGroups = new Int32Array(12);
const box = { positionsMm, triangles, triangleGroups };

test('a box has its volume and its area; turned inside out the volume is negative', () => {
  assert.equal(signedVolumeMl(box), 6);
  assert.equal(visibleAreaCm2(box), 22);
  assert.equal(signedVolumeMl({ positionsMm, triangles: triangles.toReversed() }), -6);
});

test('hidden triangles have no area that is seen', () => {
  const hidden = triangleGroups.with(0, -29).with(1, -29);
  assert.equal(visibleAreaCm2({ ...box, triangleGroups: hidden }), 20);
});

test('a closed box has Euler number 2; without a face it has four edges on the boundary', () => {
  const closed = { boundaryEdges: 0, crowdedEdges: 0, turnedEdges: 0, euler: 2 };
  assert.deepEqual(topologyOf(box), closed);
  assert.deepEqual(topologyOf({ positionsMm, triangles: triangles.slice(6) }), {
    ...closed,
    boundaryEdges: 4,
    euler: 1,
  });
});

test('one triangle the other way round turns its three edges; a third one at an edge crowds it', () => {
  const turned = triangles.slice();
  [turned[0], turned[1]] = [turned[1]!, turned[0]!];
  assert.equal(topologyOf({ positionsMm, triangles: turned }).turnedEdges, 3);
  const crowded = Uint32Array.from([...triangles, 0, 3, 5]);
  assert.deepEqual(topologyOf({ positionsMm, triangles: crowded }), {
    boundaryEdges: 1,
    crowdedEdges: 2,
    turnedEdges: 0,
    euler: 2,
  });
});

test('normals agree with the corners, or do not; flat triangles and missing normals do not count', () => {
  const outward = Float32Array.from(quads.flatMap((_, face) => [...axis(face), ...axis(face)]));
  assert.equal(normalAgreement({ ...box, triangleNormals: outward }), 1);
  const half = outward.map((value, at) => (at < 18 ? -value : value));
  assert.equal(normalAgreement({ ...box, triangleNormals: half }), 0.5);
  assert.equal(normalAgreement({ ...box, triangleNormals: new Float32Array(36) }), undefined);
});

function axis(face: number): number[] {
  const normal = [0, 0, 0];
  normal[2 - (face >> 1)] = face % 2 === 0 ? -1 : 1;
  return normal;
}
