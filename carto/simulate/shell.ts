import type { Chamber } from './chamber.ts';
import { finishMesh, type Mesh } from './mesh.ts';
import { meshSurface } from './surface.ts';
import { dot, subtract, type Vector, vectorAt } from './vector.ts';

/** The scanner's frame: x to the left, y to the back, z to the head; a few degrees off, since nobody lies quite straight. */
const turn = 0.06;
const axes: readonly [Vector, Vector, Vector] = [
  [Math.cos(turn), Math.sin(turn), 0],
  [0, 0, -1],
  [-Math.sin(turn), Math.cos(turn), 0],
];
const wallMm = 1.2;

/** From the scanner's frame to that of the maps, column by column. */
export function registration(chamber: Chamber): number[] {
  const shift = shiftOf(chamber);
  return [...axes.flatMap((axis) => [...axis, 0]), ...shift, 1];
}

/** Where the scanner's origin lies: somewhere on its table. */
function shiftOf({ centre }: Chamber): Vector {
  return [centre[0] - 18, centre[1] + 142, centre[2] + 96];
}

/** The chamber as a scan of the day before shows it: a little larger, smoother, closed, in the scanner's frame. */
export function makeShell(chamber: Chamber): Mesh {
  const { distance, bounds } = chamber;
  const swollen = meshSurface((x, y, z) => distance(x, y, z) - wallMm, bounds.low, bounds.high, 2.3);
  const shift = shiftOf(chamber);
  const vertices = new Float64Array(swollen.vertices.length);
  for (let n = 0; n < vertices.length / 3; n += 1) {
    const from = subtract(vectorAt(swollen.vertices, n), shift);
    vertices.set(
      axes.map((axis) => dot(axis, from)),
      3 * n,
    );
  }
  return finishMesh(vertices, swollen.triangles);
}
