import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { beside, sheet, sphere, surfaceFrom, tube } from '../testing/shapes.ts';
import { geodesicMm, graphOf } from './geodesic.ts';
import { halfEdgesOf } from './half-edges.ts';
import { cornersOf, Locator } from './locator.ts';
import { signedVolumeMl, triangleAreasMm2, vertexAreasMm2, vertexNormals } from './measure.ts';
import { boundaryLoops, piecesOf } from './pieces.ts';
import { lpsOf, surfaceOf } from './surface.ts';
import { validate } from './validate.ts';
import { cross, distance, dot, type Vector3, vectorAt } from './vector.ts';

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

test('MESH-01: area, volume and normals of a sphere', () => {
  const ball = sphere(30, 80);
  const areas = triangleAreasMm2(ball);
  assert.ok(Math.abs(sum(areas) / (4 * Math.PI * 900) - 1) < 2e-3);
  assert.ok(Math.abs(sum(vertexAreasMm2(ball, areas)) - sum(areas)) < 1e-6);
  assert.ok(Math.abs(signedVolumeMl(ball, halfEdgesOf(ball)) / ((4 / 3) * Math.PI * 27) - 1) < 2e-3);
  const normals = vertexNormals(ball);
  for (let at = 0; at < normals.length / 3; at++) {
    assert.ok(dot(vectorAt(normals, at), vectorAt(ball.positionsMm, at)) > 30 * 0.999);
  }
});

test('MESH-01: a tube with open ends: two rims in opposite directions, and the volume of a cylinder when they are closed', () => {
  const pipe = tube(10, 40, 90, 20);
  const halfEdges = halfEdgesOf(pipe);
  const loops = boundaryLoops(pipe, halfEdges);
  assert.deepEqual(
    loops.map((loop) => loop.length),
    [90, 90],
  );
  assert.equal(halfEdges.boundaryEdges, 180);
  assert.equal(halfEdges.crowdedEdges, 0);
  assert.ok(Math.abs(signedVolumeMl(pipe, halfEdges) / ((Math.PI * 100 * 40) / 1000) - 1) < 2e-3);
});

test('MESH-02: distances on a sheet: never shorter than the straight line, at most 9 % longer (along edges alone it would be 41 %)', () => {
  const plane = sheet(50, 50, 50, 50);
  const halfEdges = halfEdgesOf(plane);
  const distances = geodesicMm(graphOf(plane, halfEdges), [0]);
  let worst = 0;
  for (let at = 1; at < distances.length; at++) {
    const straight = distance(vectorAt(plane.positionsMm, 0), vectorAt(plane.positionsMm, at));
    assert.ok(distances[at]! >= straight - 1e-9);
    worst = Math.max(worst, distances[at]! / straight);
  }
  assert.ok(worst < 1.09, `${worst}`);
});

test('MESH-02: around a sphere, a tube and across a gap', () => {
  const ball = sphere(30, 60);
  const fromPole = geodesicMm(graphOf(ball, halfEdgesOf(ball)), [0]);
  const south = fromPole[fromPole.length - 1]!;
  assert.ok(south / (30 * Math.PI) > 0.999 && south / (30 * Math.PI) < 1.01, `${south}`);
  const two = beside(ball, ball, 100);
  const reached = geodesicMm(graphOf(two, halfEdgesOf(two)), [0]);
  assert.ok(reached.slice(fromPole.length).every((mm) => mm === Infinity));
  const near = geodesicMm(graphOf(ball, halfEdgesOf(ball)), [0], { limitMm: 10 });
  assert.ok(near.every((mm, at) => mm === Infinity || (mm <= 10 && mm === fromPole[at])));
});

test('MESH-02: the triangle inequality and symmetry hold for any sources', () => {
  const ball = sphere(30, 24, [1, 0.7, 1.4]);
  const graph = graphOf(ball, halfEdgesOf(ball));
  const vertex = fc.integer({ min: 0, max: ball.positionsMm.length / 3 - 1 });
  fc.assert(
    fc.property(vertex, vertex, vertex, (a, b, c) => {
      const [fromA, fromB] = [geodesicMm(graph, [a]), geodesicMm(graph, [b])];
      assert.ok(Math.abs(fromA[b]! - fromB[a]!) < 1e-9);
      assert.ok(fromA[c]! <= fromA[b]! + fromB[c]! + 1e-9);
      const both = geodesicMm(graph, [a, b]);
      assert.equal(both[c], Math.min(fromA[c]!, fromB[c]!));
    }),
    { numRuns: 30 },
  );
});

test('MESH-03: the nearest place is the one that looking at every triangle finds', () => {
  const ball = sphere(30, 16, [1, 0.6, 1.3]);
  const locator = new Locator(ball);
  const coordinate = fc.double({ min: -60, max: 60, noNaN: true });
  fc.assert(
    fc.property(coordinate, coordinate, coordinate, (x, y, z) => {
      const point: Vector3 = [x, y, z];
      const found = locator.nearest(point, 25);
      const every = nearestOfAll(ball, point);
      if (every > 25 + 1e-9) assert.equal(found, undefined);
      else assert.ok(found && Math.abs(found.distanceMm - every) < 1e-9);
    }),
    { numRuns: 100 },
  );
  assert.equal(locator.nearest([1e5, 0, 0]), undefined);
});

/** By sampling each triangle's best point with a projection that is written another way. */
function nearestOfAll(surface: ReturnType<typeof sphere>, p: Vector3): number {
  let best = Infinity;
  for (let t = 0; t < surface.triangles.length / 3; t++) {
    const corners = cornersOf(surface, t);
    const normal = cross(
      [0, 1, 2].map((k) => corners[1][k]! - corners[0][k]!) as unknown as Vector3,
      [0, 1, 2].map((k) => corners[2][k]! - corners[0][k]!) as unknown as Vector3,
    );
    const off = dot(normal, [0, 1, 2].map((k) => p[k]! - corners[0][k]!) as unknown as Vector3) / dot(normal, normal);
    const foot = [0, 1, 2].map((k) => p[k]! - off * normal[k]!) as unknown as Vector3;
    const inside = corners.every((corner, k) => {
      const next = corners[(k + 1) % 3]!;
      const edge = [0, 1, 2].map((i) => next[i]! - corner[i]!) as unknown as Vector3;
      return dot(normal, cross(edge, [0, 1, 2].map((i) => foot[i]! - corner[i]!) as unknown as Vector3)) >= 0;
    });
    if (inside) best = Math.min(best, distance(p, foot));
    for (const [k, corner] of corners.entries()) {
      const next = corners[(k + 1) % 3]!;
      const edge = [0, 1, 2].map((i) => next[i]! - corner[i]!) as unknown as Vector3;
      const along = dot(edge, [0, 1, 2].map((i) => p[i]! - corner[i]!) as unknown as Vector3) / dot(edge, edge);
      const share = Math.min(1, Math.max(0, along));
      best = Math.min(best, distance(p, [0, 1, 2].map((i) => corner[i]! + share * edge[i]!) as unknown as Vector3));
    }
  }
  return best;
}

test('MESH-04: pieces, crowded edges and the frame', () => {
  const two = beside(sphere(10, 8), sphere(10, 8), 100);
  assert.equal(piecesOf(two).count, 2);
  const fin = surfaceFrom([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1], [0, 1, 2, 1, 0, 3, 0, 1, 4]);
  assert.equal(halfEdgesOf(fin).crowdedEdges, 1);
  assert.deepEqual(lpsOf(1, 2, 3), [1, -3, 2]);
  const hidden = surfaceOf({
    positionsMm: Float32Array.from([9, 9, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0]),
    triangles: Uint32Array.from([1, 2, 3, 0, 1, 2]),
    triangleGroups: Int32Array.from([0, -1]),
  });
  assert.deepEqual([...hidden.sourceVertex], [1, 2, 3]);
  assert.deepEqual([...hidden.triangles], [0, 1, 2]);
});

const chamber = sphere(35, 40);
const scaled = (by: number) =>
  surfaceFrom(
    [...chamber.positionsMm].map((value) => value * by),
    [...chamber.triangles],
  );

// biome-ignore format: the columns are the documentation
const flawed: readonly (readonly [string, ReturnType<typeof sphere>, string])[] = [
  ['nothing',                 surfaceFrom([], []),                                              'no-surface'],
  ['a NaN',                   surfaceFrom([Number.NaN, ...chamber.positionsMm.slice(1)], [...chamber.triangles]), 'not-finite'],
  ['an infinite coordinate',  surfaceFrom([...chamber.positionsMm.slice(1), Infinity], [...chamber.triangles]), 'not-finite'],
  ['a vertex that is not',    surfaceFrom([...chamber.positionsMm], [0, 1, 1e6]),               'bad-index'],
  ['12 vertices',             surfaceFrom([...sphere(35, 3).positionsMm].slice(0, 36), [0, 1, 2, 0, 2, 3]), 'too-few-vertices'],
  ['two shells',              beside(chamber, sphere(20, 20), 120),                             'several-shells'],
  ['centimetres',             scaled(0.1),                                                      'wrong-units'],
  ['micrometres',             scaled(1000),                                                     'wrong-units'],
  ['metres',                  scaled(0.001),                                                    'wrong-units'],
  ['twice the size of a man', scaled(60),                                                       'implausible-size'],
  ['turned inside out',       surfaceFrom([...chamber.positionsMm], [...chamber.triangles].reverse()), 'inside-out'],
  ['mirrored',                surfaceFrom([...chamber.positionsMm].map((v, n) => (n % 3 === 0 ? -v : v)), [...chamber.triangles]), 'inside-out'],
  ['all on one line',         surfaceFrom([...chamber.positionsMm].map((v, n) => (n % 3 === 0 ? v : 0)), [...chamber.triangles]), 'implausible-size'],
  ['mostly flat triangles',   surfaceFrom([...chamber.positionsMm], [...chamber.triangles, ...Array(3000).fill([5, 5, 6]).flat()]), 'flat-triangles'],
  ['pages of a book',         surfaceFrom([...chamber.positionsMm], [...chamber.triangles, ...chamber.triangles]), 'not-a-surface'],
];

for (const [name, surface, flaw] of flawed) {
  test(`MESH-05: ${name}: refused as ${flaw}`, () => {
    const found = validate(surface);
    assert.equal('flaw' in found ? found.flaw : 'sound', flaw);
  });
}

test('MESH-05: a chamber passes, and a crumb beside it is dropped and counted', () => {
  const found = validate(beside(chamber, sphere(3, 6), 60));
  assert.ok('sound' in found);
  assert.equal(found.sound.debrisTriangles, sphere(3, 6).triangles.length / 3);
  assert.equal(found.sound.positionsMm.length, chamber.positionsMm.length);
  assert.ok(Math.abs(found.sound.volumeMl - ((4 / 3) * Math.PI * 35 ** 3) / 1000) < 1);
});
