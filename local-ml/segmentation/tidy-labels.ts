import { glance } from '../look.ts';
import { nextHalf } from '../mesh/half-edges.ts';
import { vertexAreasMm2 } from '../mesh/measure.ts';
import type { Shell } from './shell.ts';

/** Of a label, pieces with less of its largest piece's area than this are taken for body. */
const leastShare = 0.25;
const body = 0;

/** Takes away islands (CONTRACT.md, 7, `cc-v1`): pieces of one label hang together over edges. Returns new labels. */
export function tidyLabels(shell: Shell, labels: Uint8Array): Uint8Array {
  const { triangles, areasMm2 } = shell;
  const parent = new Int32Array(labels.length).map((_, at) => at);
  const rootOf = (vertex: number): number => {
    let at = vertex;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (let half = 0; half < triangles.length; half++) {
    glance(half);
    const [a, b] = [triangles[half]!, triangles[nextHalf(half)]!];
    if (labels[a] !== labels[b]) continue;
    const [x, y] = [rootOf(a), rootOf(b)];
    if (x !== y) parent[Math.max(x, y)] = Math.min(x, y);
  }
  const vertexAreas = vertexAreasMm2(shell, areasMm2);
  const areaOf = new Map<number, number>();
  for (const [at, area] of vertexAreas.entries()) areaOf.set(rootOf(at), (areaOf.get(rootOf(at)) ?? 0) + area);
  const largest = new Map<number, number>();
  for (const [root, area] of areaOf) largest.set(labels[root]!, Math.max(largest.get(labels[root]!) ?? 0, area));
  return labels.map((label, at) => {
    if (label === body) return body;
    return areaOf.get(rootOf(at))! < leastShare * largest.get(label)! ? body : label;
  });
}
