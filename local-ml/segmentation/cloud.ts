import { look } from '../look.ts';

/** What hangs together with what in a cloud (CONTRACT.md, 3). */
export interface CloudGraphs {
  /** For each level, `neighbours` nearest of each point among the level's points, itself first. */
  readonly nbr: readonly Int32Array[];
  /** For each level above the first: of each point of the level below the 3 nearest of this one, and their shares. */
  readonly up: readonly { readonly index: Int32Array; readonly weight: Float64Array }[];
}

export function graphsOf(positions: Float64Array, levels: readonly number[], neighbours: number): CloudGraphs {
  const nbr = levels.map((size) => nearestOf(positions, size, size, neighbours).index);
  const up = levels.slice(1).map((size, at) => {
    const { index, squared } = nearestOf(positions, levels[at]!, size, 3);
    const weight = new Float64Array(index.length);
    for (let i = 0; i < index.length; i += 3) {
      let total = 0;
      for (let k = i; k < i + 3; k++) total += weight[k] = 1 / (squared[k]! + 1e-6);
      for (let k = i; k < i + 3; k++) weight[k]! /= total;
    }
    return { index, weight };
  });
  return { nbr, up };
}

/** For each of the first `of` points the k nearest among the first `among`, nearest first; of equals the lowest index. */
function nearestOf(
  positions: Float64Array,
  of: number,
  among: number,
  k: number,
): { readonly index: Int32Array; readonly squared: Float64Array } {
  const index = new Int32Array(of * k);
  const squared = new Float64Array(of * k).fill(Infinity);
  for (let i = 0; i < of; i++) {
    look();
    const x = positions[3 * i]!;
    const y = positions[3 * i + 1]!;
    const z = positions[3 * i + 2]!;
    const last = i * k + k - 1;
    for (let j = 0; j < among; j++) {
      const dx = positions[3 * j]! - x;
      const dy = positions[3 * j + 1]! - y;
      const dz = positions[3 * j + 2]! - z;
      const d2 = dx * dx + dy * dy + dz * dz;
      if (d2 >= squared[last]!) continue;
      let at = last;
      for (; at > i * k && squared[at - 1]! > d2; at--) {
        squared[at] = squared[at - 1]!;
        index[at] = index[at - 1]!;
      }
      squared[at] = d2;
      index[at] = j;
    }
  }
  return { index, squared };
}
