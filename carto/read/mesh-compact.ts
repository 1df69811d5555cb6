import type { Mesh } from '../study.ts';

/** The group of what was deleted on the workstation and is exported all the same. */
const deletedGroup = -1_000_000;

/** The mesh without its deleted vertices and triangles, and without triangles at a deleted vertex; renumbered. */
export function compact(mesh: Mesh): Mesh {
  if (!mesh.vertexGroups.includes(deletedGroup) && !mesh.triangleGroups.includes(deletedGroup)) return mesh;
  const vertices = kept(mesh.vertexGroups, () => true);
  const newIndex = new Int32Array(mesh.vertexGroups.length).fill(-1);
  for (const [to, from] of vertices.entries()) newIndex[from] = to;
  const triangles = kept(mesh.triangleGroups, (triangle) =>
    mesh.triangles.subarray(3 * triangle, 3 * triangle + 3).every((vertex) => (newIndex[vertex] as number) >= 0),
  );
  return {
    ...mesh,
    positionsMm: take(mesh.positionsMm, vertices, 3),
    normals: take(mesh.normals, vertices, 3),
    vertexGroups: take(mesh.vertexGroups, vertices, 1),
    triangles: take(mesh.triangles, triangles, 3).map((vertex) => newIndex[vertex] as number),
    triangleNormals: take(mesh.triangleNormals, triangles, 3),
    triangleGroups: take(mesh.triangleGroups, triangles, 1),
    colors: mesh.colors.map((color) => ({ ...color, values: takeOrNone(color.values, vertices) })),
    attributes: mesh.attributes.map((flags) => ({ ...flags, values: takeOrNone(flags.values, vertices) })),
    deleted: {
      vertices: mesh.vertexGroups.length - vertices.length,
      triangles: mesh.triangleGroups.length - triangles.length,
    },
  };
}

function kept(groups: Int32Array, alive: (index: number) => boolean): number[] {
  const indices: number[] = [];
  for (const [index, group] of groups.entries()) if (group !== deletedGroup && alive(index)) indices.push(index);
  return indices;
}

type Numbers = Float32Array | Int32Array | Uint32Array;

function take<T extends Numbers>(values: T, indices: readonly number[], width: number): T {
  const taken = new (values.constructor as new (length: number) => T)(indices.length * width);
  for (const [to, from] of indices.entries()) {
    for (let at = 0; at < width; at++) taken[to * width + at] = values[from * width + at] as number;
  }
  return taken;
}

/** A section that is there without rows stays without. */
function takeOrNone<T extends Numbers>(values: T, vertices: readonly number[]): T {
  return values.length === 0 ? values : take(values, vertices, 1);
}
