/** A point of a triangle as shares of its second and third corner. */
type Shares = readonly [second: number, third: number];

const wholeTriangle: readonly Shares[] = [
  [0, 0],
  [1, 0],
  [0, 1],
];

/** A value at each of the three corners, linear between them, and a bound below which one looks. */
export interface Bound {
  readonly corners: readonly [number, number, number];
  readonly below: number;
}

/**
 * The share of a triangle's area where every value is below its bound: the triangle is cut along the straight lines on
 * which a linear value equals its bound (Sutherland and Hodgman), which is exact. Corners must be numbers.
 */
export function shareBelow(...bounds: readonly Bound[]): number {
  let polygon = wholeTriangle;
  for (const { corners, below } of bounds) {
    const least = Math.min(...corners);
    const most = Math.max(...corners);
    if (least >= below) return 0;
    if (most >= below)
      polygon = cut(polygon, ([v, w]) => corners[0] * (1 - v - w) + corners[1] * v + corners[2] * w - below);
  }
  return polygon === wholeTriangle ? 1 : Math.min(1, 2 * areaOf(polygon));
}

/** The part of a convex polygon where a linear value is negative. */
function cut(polygon: readonly Shares[], valueAt: (point: Shares) => number): readonly Shares[] {
  const kept: Shares[] = [];
  for (const [at, from] of polygon.entries()) {
    const to = polygon[(at + 1) % polygon.length]!;
    const [a, b] = [valueAt(from), valueAt(to)];
    if (a < 0) kept.push(from);
    if (a < 0 !== b < 0) {
      const share = a / (a - b);
      kept.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
    }
  }
  return kept;
}

function areaOf(polygon: readonly Shares[]): number {
  let doubled = 0;
  for (const [at, [x, y]] of polygon.entries()) {
    const [nextX, nextY] = polygon[(at + 1) % polygon.length]!;
    doubled += x * nextY - nextX * y;
  }
  return Math.abs(doubled) / 2;
}
