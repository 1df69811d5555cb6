import type { Mesh } from '../study.ts';

/** A triangulated surface: what the measures here need of a mesh. */
export type Surface = Pick<Mesh, 'positionsMm' | 'triangles'>;

/**
 * The volume that a closed surface encloses, ml: a sixth of the sum of the triple products of its corners (the
 * divergence theorem). Positive where triangles run counter-clockwise seen from outside.
 */
export function signedVolumeMl({ positionsMm: p, triangles }: Surface): number {
  let sixfold = 0;
  for (let at = 0; at + 2 < triangles.length; at += 3) {
    const [a, b, c] = cornersAt(triangles, at);
    const [ax, ay, az] = [p[a] as number, p[a + 1] as number, p[a + 2] as number];
    const [bx, by, bz] = [p[b] as number, p[b + 1] as number, p[b + 2] as number];
    const [cx, cy, cz] = [p[c] as number, p[c + 1] as number, p[c + 2] as number];
    sixfold += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
  }
  return sixfold / 6000;
}

/** The area of the visible triangles, cm²: half the length of the cross product of two edges, summed. */
export function visibleAreaCm2(mesh: Surface & Pick<Mesh, 'triangleGroups'>): number {
  let doubledMm2 = 0;
  for (let at = 0; at + 2 < mesh.triangles.length; at += 3) {
    if ((mesh.triangleGroups[at / 3] ?? 0) < 0) continue;
    doubledMm2 += Math.hypot(...crossAt(mesh, at));
  }
  return doubledMm2 / 200;
}

/**
 * The share of triangles whose stored normal points to the same side as the one that their corners give, among those
 * that have an area and a stored normal. Undefined when there is none.
 */
export function normalAgreement(mesh: Surface & Pick<Mesh, 'triangleNormals'>): number | undefined {
  let agreeing = 0;
  let counted = 0;
  for (let at = 0; at + 2 < mesh.triangles.length; at += 3) {
    const [x, y, z] = crossAt(mesh, at);
    const n = mesh.triangleNormals;
    const along = x * (n[at] as number) + y * (n[at + 1] as number) + z * (n[at + 2] as number);
    if (!(Math.abs(along) > flatMm2)) continue;
    counted++;
    if (along > 0) agreeing++;
  }
  return counted === 0 ? undefined : agreeing / counted;
}

/** A triangle of less area is a line; which way it faces is a matter of rounding. */
const flatMm2 = 1e-3;

function cornersAt(triangles: Uint32Array, at: number): [number, number, number] {
  return [3 * (triangles[at] as number), 3 * (triangles[at + 1] as number), 3 * (triangles[at + 2] as number)];
}

function crossAt({ positionsMm: p, triangles }: Surface, at: number): [number, number, number] {
  const [a, b, c] = cornersAt(triangles, at);
  const edge = (to: number, axis: number) => (p[to + axis] as number) - (p[a + axis] as number);
  const [ux, uy, uz] = [edge(b, 0), edge(b, 1), edge(b, 2)];
  const [vx, vy, vz] = [edge(c, 0), edge(c, 1), edge(c, 2)];
  return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
}
