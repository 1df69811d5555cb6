import { type Sha256, sha256 } from '../../core/digest.ts';

/** Of the labels as one digit per vertex of the mesh as exported; `-` for a vertex that was not looked at. */
export function labelsDigest(labels: Uint8Array, sourceVertex: Uint32Array, meshVertices: number): Sha256 {
  const digits = new Uint8Array(meshVertices).fill(0x2d);
  for (const [at, source] of sourceVertex.entries()) digits[source] = 0x30 + labels[at]!;
  return sha256(digits);
}
