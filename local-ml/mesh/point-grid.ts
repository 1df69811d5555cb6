import { glance } from '../look.ts';
import type { Vector3 } from './vector.ts';

/** Finds the nearest of many points: they stand in cells, which are looked at from near to far. */
export class PointGrid {
  readonly #positions: ArrayLike<number>;
  readonly #cellMm: number;
  readonly #cells = new Map<number, number[]>();
  readonly #low: [number, number, number] = [Infinity, Infinity, Infinity];
  readonly #high: [number, number, number] = [-Infinity, -Infinity, -Infinity];

  /** `positions`: 3n, mm. */
  constructor(positions: ArrayLike<number>, cellMm = 4) {
    this.#positions = positions;
    this.#cellMm = cellMm;
    for (let at = 0; at < positions.length / 3; at++) {
      glance(at);
      const cell = this.#cellOf([positions[3 * at]!, positions[3 * at + 1]!, positions[3 * at + 2]!]);
      for (let axis = 0; axis < 3; axis++) {
        this.#low[axis] = Math.min(this.#low[axis]!, cell[axis]!);
        this.#high[axis] = Math.max(this.#high[axis]!, cell[axis]!);
      }
      const members = this.#cells.get(keyOf(...cell));
      if (members) members.push(at);
      else this.#cells.set(keyOf(...cell), [at]);
    }
  }

  /** The k nearest points, nearest first, of equals the lowest index; fewer where there are fewer. */
  nearest(point: Vector3, k: number): { readonly index: number[]; readonly squared: number[] } {
    const cell = this.#cellOf(point);
    const index: number[] = [];
    const squared: number[] = [];
    const consider = (at: number) => {
      const p = this.#positions;
      const [dx, dy, dz] = [p[3 * at]! - point[0], p[3 * at + 1]! - point[1], p[3 * at + 2]! - point[2]];
      const d2 = dx * dx + dy * dy + dz * dz;
      let place = index.length;
      while (place > 0 && (squared[place - 1]! > d2 || (squared[place - 1] === d2 && index[place - 1]! > at))) place--;
      if (place >= k) return;
      index.splice(place, 0, at);
      squared.splice(place, 0, d2);
      if (index.length > k) {
        index.pop();
        squared.pop();
      }
    };
    const [first, last] = this.#shellsFrom(cell);
    for (let shell = first; shell <= last; shell++) {
      // What stands in this shell or beyond is at least this far away.
      const beyond = (shell - 1) * this.#cellMm;
      if (index.length === k && beyond > 0 && squared[k - 1]! < beyond * beyond) break;
      this.#eachCell(cell, shell, (members) => members.forEach(consider));
    }
    return { index, squared };
  }

  /** The first and the last shell around a cell that can hold points. */
  #shellsFrom(cell: Vector3): [number, number] {
    let [first, last] = [0, 0];
    for (let axis = 0; axis < 3; axis++) {
      const [low, high] = [this.#low[axis]! - cell[axis]!, this.#high[axis]! - cell[axis]!];
      first = Math.max(first, low, -high);
      last = Math.max(last, Math.abs(low), Math.abs(high));
    }
    return Number.isFinite(last) ? [Math.max(0, first), last] : [1, 0];
  }

  #eachCell([x, y, z]: Vector3, shell: number, visit: (members: readonly number[]) => void): void {
    const from = (at: number, axis: number) => Math.max(-shell, this.#low[axis]! - at);
    const to = (at: number, axis: number) => Math.min(shell, this.#high[axis]! - at);
    for (let dx = from(x, 0); dx <= to(x, 0); dx++)
      for (let dy = from(y, 1); dy <= to(y, 1); dy++) {
        const isSide = Math.abs(dx) === shell || Math.abs(dy) === shell;
        for (let dz = isSide ? from(z, 2) : -shell; dz <= to(z, 2); dz += isSide || shell === 0 ? 1 : 2 * shell) {
          const members = this.#cells.get(keyOf(x + dx, y + dy, z + dz));
          if (members) visit(members);
        }
      }
  }

  #cellOf([x, y, z]: Vector3): [number, number, number] {
    return [Math.floor(x / this.#cellMm), Math.floor(y / this.#cellMm), Math.floor(z / this.#cellMm)];
  }
}

/** One number per cell: exact for cells within 2^16 of the origin. */
function keyOf(x: number, y: number, z: number): number {
  const side = 2 ** 17;
  return ((x + side / 2) * side + (y + side / 2)) * side + z + side / 2;
}
