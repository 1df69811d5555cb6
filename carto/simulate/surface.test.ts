import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAtrium } from './atrium.ts';
import { cutLid } from './cut-out.ts';
import { type Distance, gradient } from './distance.ts';
import { makeWellComposed, sampleGrid } from './grid.ts';
import type { Mesh } from './mesh.ts';
import { randomOf } from './random.ts';
import { readBack, readMesh, surfaceFaults } from './read-back.ts';
import { makeChamber } from './study.ts';
import { meshSurface } from './surface.ts';
import { dot, type Vector, vectorAt } from './vector.ts';

const trianglesOf = (mesh: Mesh) =>
  Array.from({ length: mesh.triangles.length / 3 }, (_, n) => [...mesh.triangles.subarray(3 * n, 3 * n + 3)]);

test('a sphere comes out with its volume, closed, facing outward', () => {
  const mesh = meshSurface((x, y, z) => Math.hypot(x, y, z) - 10, [-14, -14, -14], [14, 14, 14], 1.5);
  assert.deepEqual(surfaceFaults(mesh.vertices.length / 3, trianglesOf(mesh)), []);
  assert.ok(Math.abs(mesh.volumeMl / ((4 / 3) * Math.PI) - 1) < 0.02, `found ${mesh.volumeMl} ml`);
});

test('a shape with thin and touching parts still comes out closed and manifold, because the lattice is repaired', () => {
  const maze: Distance = (x, y, z) => {
    const inner =
      Math.sin(x * 1.1) * Math.cos(y * 1.3) + Math.sin(y * 0.9) * Math.cos(z * 1.2) + Math.sin(z) * Math.cos(x);
    return Math.max(Math.hypot(x, y, z) - 9, inner);
  };
  const grid = sampleGrid(maze, [-12, -12, -12], [12, 12, 12], 1.1);
  assert.ok(makeWellComposed(grid) > 0, 'the shape is too easy to show anything');
  assert.equal(makeWellComposed(grid), 0, 'a repaired lattice needs no repair');
  const mesh = meshSurface(maze, [-12, -12, -12], [12, 12, 12], 1.1);
  assert.deepEqual(surfaceFaults(mesh.vertices.length / 3, trianglesOf(mesh)), []);
});

test('the check for faults finds a hole, a pinch and a turned triangle', () => {
  const tetrahedron = [
    [0, 2, 1],
    [0, 1, 3],
    [1, 2, 3],
    [2, 0, 3],
  ];
  assert.deepEqual(surfaceFaults(4, tetrahedron), []);
  assert.notDeepEqual(surfaceFaults(4, tetrahedron.slice(1)), []);
  assert.notDeepEqual(surfaceFaults(4, [[0, 1, 2], ...tetrahedron.slice(1)]), []);
  const second = tetrahedron.map((corners) => corners.map((corner) => (corner === 0 ? 0 : corner + 3)));
  assert.notDeepEqual(surfaceFaults(7, [...tetrahedron, ...second]), []);
});

test('atria of many seeds are one closed body, outward, of a plausible size', () => {
  for (let seed = 1; seed <= 3; seed += 1) {
    const atrium = makeAtrium(randomOf(seed, 'anatomy'));
    const mesh = meshSurface(atrium.distance, atrium.bounds.low, atrium.bounds.high, 2);
    const count = mesh.vertices.length / 3;
    const triangles = trianglesOf(mesh);
    assert.deepEqual(surfaceFaults(count, triangles), [], `seed ${seed}`);
    assert.equal(count - triangles.length / 2, 2, `seed ${seed}: one body without handles`);
    assert.ok(count > 3000 && count < 8000, `seed ${seed}: ${count} vertices`);
    assert.ok(mesh.volumeMl > 55 && mesh.volumeMl < 150, `seed ${seed}: ${mesh.volumeMl} ml`);
    for (const [n, corners] of triangles.entries()) {
      const middle = [0, 1, 2].map((axis) => corners.reduce((sum, at) => sum + mesh.vertices[3 * at + axis]! / 3, 0));
      const out = gradient(atrium.distance, middle as unknown as Vector);
      assert.ok(dot(out, vectorAt(mesh.triangleNormals, n)) > 0, `seed ${seed}: triangle ${n} faces inward`);
    }
  }
});

test('every chamber and variant is one closed body without handles; with its valve cut out it has one edge', () => {
  for (const { seed, ...options } of [
    { seed: 1, chamber: 'left-atrium', variant: 'common-trunk' },
    { seed: 2, chamber: 'left-atrium', variant: 'right-middle' },
    { seed: 1, chamber: 'right-atrium', variant: undefined },
    { seed: 2, chamber: 'left-ventricle', variant: undefined },
  ] as const) {
    const chamber = makeChamber({ seed, ...options });
    const mesh = meshSurface(chamber.distance, chamber.bounds.low, chamber.bounds.high, 2.6);
    const label = `${options.chamber} ${options.variant} ${seed}`;
    assert.deepEqual(surfaceFaults(mesh.vertices.length / 3, trianglesOf(mesh)), [], label);
    assert.equal(mesh.vertices.length / 3 - mesh.triangles.length / 6, 2, label);
    assert.ok(mesh.volumeMl > 40 && mesh.volumeMl < 160, `${label}: ${mesh.volumeMl} ml`);
    const open = cutLid(chamber, mesh);
    const [vertices, triangles] = [open.vertices.length / 3, open.triangles.length / 3];
    assert.ok(triangles < mesh.triangles.length / 3, label);
    const edges = new Set(trianglesOf(open).flatMap(([a, b, c]) => [edge(a!, b!), edge(b!, c!), edge(c!, a!)]));
    assert.equal(vertices - edges.size + triangles, 1, `${label}: a disc`);
  }
});

const edge = (a: number, b: number) => (a < b ? `${a}-${b}` : `${b}-${a}`);

test('the mesh files hold what the study file says: counts, volume, unit normals, colours on every vertex', () => {
  const { lines, study } = readBack({ seed: 11, points: 4 });
  const xml = lines(`${study.names.study} ${study.stamp.inNames}.xml`).join('\n');
  for (const map of study.maps) {
    const text = lines(`${map.name}.mesh`);
    const mesh = readMesh(text);
    assert.deepEqual(surfaceFaults(mesh.vertices.length, mesh.triangles), []);
    assert.ok(text.includes(`NumVertex              = ${mesh.vertices.length}`));
    assert.ok(text.includes(`NumTriangle            = ${mesh.triangles.length}`));
    for (const normal of [...mesh.normals, ...mesh.triangleNormals]) {
      assert.ok(Math.abs(Math.hypot(...normal) - 1) < 2e-5);
    }
    const stored = Number(new RegExp(`Map Name="${map.name}" [^>]*Volume="([^"]+)"`).exec(xml)![1]);
    assert.ok(Math.abs(volumeOf(mesh.vertices, mesh.triangles) / stored - 1) < 1e-5);
  }
  const coloured = readMesh(lines(`${study.maps[0]!.name}.mesh`));
  assert.equal(coloured.colors.length, coloured.vertices.length);
  assert.equal(coloured.attributes.length, coloured.vertices.length);
  for (const row of coloured.colors) {
    assert.equal(row.length, 14);
    for (const column of [0, 1, 2, 3, 10]) assert.ok(Math.abs(row[column]!) < 10_000);
    for (const column of [4, 9, 11, 13]) assert.equal(row[column], -10_000);
  }
  const bipolar = coloured.colors.map((row) => row[1]!);
  const share = bipolar.filter((value) => value < 0.5).length / bipolar.length;
  assert.ok(share > 0.02 && share < 0.4, `${share} of the wall is low`);
  const lat = coloured.colors.map((row) => row[2]!);
  assert.ok(Math.min(...lat) < -40 && Math.max(...lat) > 20);
});

test('a map without points has no colours, no colour names and no attribute rows', () => {
  for (const options of [
    { seed: 3, points: 2 },
    { seed: 3, points: 0 },
  ]) {
    const { lines, study } = readBack(options);
    const text = lines(`${study.maps.at(options.points === 0 ? 0 : 1)!.name}.mesh`);
    assert.ok(text.includes('NumVertexColors        = 0'));
    assert.ok(!text.some((line) => line.startsWith('Colors') || line.startsWith('[VerticesColors')));
    assert.equal(readMesh(text).attributes.length, 0);
    assert.ok(text.includes('[VerticesAttributesSection]'));
  }
});

function volumeOf(vertices: readonly number[][], triangles: readonly number[][]): number {
  let sum = 0;
  for (const corners of triangles) {
    const [a, b, c] = corners.map((corner) => vertices[corner]!) as [number[], number[], number[]];
    sum += a[0]! * (b[1]! * c[2]! - b[2]! * c[1]!);
    sum += a[1]! * (b[2]! * c[0]! - b[0]! * c[2]!);
    sum += a[2]! * (b[0]! * c[1]! - b[1]! * c[0]!);
  }
  return sum / 6000;
}
