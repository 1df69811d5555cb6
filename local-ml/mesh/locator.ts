import { glance } from '../look.ts';
import type { Surface } from './surface.ts';
import { add, dot, scale, subtract, type Vector3, vectorAt } from './vector.ts';

/** The place of a surface that is nearest to a point. */
export interface Foot {
  readonly triangle: number;
  /** Shares of the triangle's three corners; they sum to 1. */
  readonly weights: Vector3;
  readonly placeMm: Vector3;
  readonly distanceMm: number;
}

/** The point of the triangle a b c nearest to p (Ericson, Real-Time Collision Detection, 5.1.5): shares of the corners. */
export function nearestOnTriangle(p: Vector3, a: Vector3, b: Vector3, c: Vector3): Vector3 {
  const [ab, ac, ap] = [subtract(b, a), subtract(c, a), subtract(p, a)];
  const [d1, d2] = [dot(ab, ap), dot(ac, ap)];
  if (d1 <= 0 && d2 <= 0) return [1, 0, 0];
  const bp = subtract(p, b);
  const [d3, d4] = [dot(ab, bp), dot(ac, bp)];
  if (d3 >= 0 && d4 <= d3) return [0, 1, 0];
  const vc = d1 * d4 - d3 * d2;
  if (vc <= 0 && d1 >= 0 && d3 <= 0) return [1 - d1 / (d1 - d3), d1 / (d1 - d3), 0];
  const cp = subtract(p, c);
  const [d5, d6] = [dot(ab, cp), dot(ac, cp)];
  if (d6 >= 0 && d5 <= d6) return [0, 0, 1];
  const vb = d5 * d2 - d1 * d6;
  if (vb <= 0 && d2 >= 0 && d6 <= 0) return [1 - d2 / (d2 - d6), 0, d2 / (d2 - d6)];
  const va = d3 * d6 - d5 * d4;
  if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
    const w = (d4 - d3) / (d4 - d3 + (d5 - d6));
    return [0, 1 - w, w];
  }
  const [v, w] = [vb / (va + vb + vc), vc / (va + vb + vc)];
  return [1 - v - w, v, w];
}

const cellMm = 4;

/** Finds the nearest place of a surface: triangles stand in a grid of cells, which is searched shell by shell. */
export class Locator {
  readonly #surface: Surface;
  readonly #cells = new Map<number, number[]>();
  /** Four numbers per triangle: a middle, and how far its corners are from it. */
  readonly #spheres: Float64Array;

  constructor(surface: Surface) {
    this.#surface = surface;
    const { triangles } = surface;
    this.#spheres = spheresOf(surface);
    for (let t = 0; t < triangles.length / 3; t++) {
      glance(t);
      const corners = cornersOf(surface, t).map(cellOf);
      const [low, high] = [Math.min, Math.max].map((pick) => [0, 1, 2].map((k) => pick(...corners.map((c) => c[k]!))));
      for (let x = low![0]!; x <= high![0]!; x++)
        for (let y = low![1]!; y <= high![1]!; y++)
          for (let z = low![2]!; z <= high![2]!; z++) {
            const key = keyOf(x, y, z);
            const cell = this.#cells.get(key);
            if (cell) cell.push(t);
            else this.#cells.set(key, [t]);
          }
    }
  }

  /** Undefined where nothing is within `withinMm`. Of places equally near, that of the lowest triangle. */
  nearest(point: Vector3, withinMm = 25): Foot | undefined {
    const [x, y, z] = cellOf(point);
    let best: Foot | undefined;
    const look = (cell: readonly number[]) => {
      for (const triangle of cell) {
        if (this.#isBeyond(triangle, point, best?.distanceMm ?? withinMm)) continue;
        const foot = footOn(this.#surface, triangle, point);
        if (foot.distanceMm > withinMm) continue;
        if (
          !best ||
          foot.distanceMm < best.distanceMm ||
          (foot.distanceMm === best.distanceMm && triangle < best.triangle)
        )
          best = foot;
      }
    };
    const shells = Math.ceil(withinMm / cellMm) + 1;
    for (let shell = 0; shell <= shells && !(best && best.distanceMm <= (shell - 1) * cellMm); shell++) {
      eachOfShell(shell, (dx, dy, dz) => look(this.#cells.get(keyOf(x + dx, y + dy, z + dz)) ?? []));
    }
    return best;
  }

  /** Whether no point of a triangle can be as near as that: by its sphere, with room for rounding. */
  #isBeyond(triangle: number, point: Vector3, withinMm: number): boolean {
    const at = 4 * triangle;
    const dx = this.#spheres[at]! - point[0];
    const dy = this.#spheres[at + 1]! - point[1];
    const dz = this.#spheres[at + 2]! - point[2];
    const reach = withinMm + this.#spheres[at + 3]! + 1e-6;
    return dx * dx + dy * dy + dz * dz > reach * reach;
  }
}

function spheresOf({ positionsMm: p, triangles }: Surface): Float64Array {
  const spheres = new Float64Array((4 * triangles.length) / 3);
  for (let t = 0; t < triangles.length / 3; t++) {
    glance(t);
    let radius = 0;
    for (let axis = 0; axis < 3; axis++) {
      let sum = 0;
      for (let k = 0; k < 3; k++) sum += p[3 * triangles[3 * t + k]! + axis]!;
      spheres[4 * t + axis] = sum / 3;
    }
    for (let k = 0; k < 3; k++) {
      const at = 3 * triangles[3 * t + k]!;
      const dx = p[at]! - spheres[4 * t]!;
      const dy = p[at + 1]! - spheres[4 * t + 1]!;
      const dz = p[at + 2]! - spheres[4 * t + 2]!;
      radius = Math.max(radius, Math.sqrt(dx * dx + dy * dy + dz * dz));
    }
    spheres[4 * t + 3] = radius;
  }
  return spheres;
}

export function cornersOf({ positionsMm, triangles }: Surface, triangle: number): [Vector3, Vector3, Vector3] {
  return [
    vectorAt(positionsMm, triangles[3 * triangle]!),
    vectorAt(positionsMm, triangles[3 * triangle + 1]!),
    vectorAt(positionsMm, triangles[3 * triangle + 2]!),
  ];
}

function footOn(surface: Surface, triangle: number, point: Vector3): Foot {
  const [a, b, c] = cornersOf(surface, triangle);
  const weights = nearestOnTriangle(point, a, b, c);
  const placeMm = add(add(scale(a, weights[0]), scale(b, weights[1])), scale(c, weights[2]));
  const [x, y, z] = subtract(point, placeMm);
  return { triangle, weights, placeMm, distanceMm: Math.sqrt(x * x + y * y + z * z) };
}

function cellOf([x, y, z]: Vector3): [number, number, number] {
  return [Math.floor(x / cellMm), Math.floor(y / cellMm), Math.floor(z / cellMm)];
}

/** One number per cell: exact for cells within 2^17 of the origin, which 500 m are. */
function keyOf(x: number, y: number, z: number): number {
  const side = 2 ** 17;
  return ((x + side / 2) * side + (y + side / 2)) * side + z + side / 2;
}

function eachOfShell(shell: number, visit: (dx: number, dy: number, dz: number) => void): void {
  for (let dx = -shell; dx <= shell; dx++)
    for (let dy = -shell; dy <= shell; dy++) {
      const isSide = Math.abs(dx) === shell || Math.abs(dy) === shell;
      for (let dz = -shell; dz <= shell; dz += isSide || shell === 0 ? 1 : 2 * shell) visit(dx, dy, dz);
    }
}
