import { type Chamber, onLid } from './chamber.ts';
import { finishMesh, type Mesh } from './mesh.ts';
import { dot, vectorAt } from './vector.ts';

/** The mesh without the lid over its valve: a hole with an edge. Its volume stays that of the closed mesh. */
export function cutLid(chamber: Chamber, mesh: Mesh): Mesh {
  const onIt = (vertex: number) => onLid(chamber, vectorAt(mesh.vertices, vertex));
  const triangles: number[] = [];
  const numberOf = new Map<number, number>();
  const vertices: number[] = [];
  for (let at = 0; at < mesh.triangles.length; at += 3) {
    const corners = [...mesh.triangles.subarray(at, at + 3)];
    // A vessel's wall that passes through the valve's plane is no lid: it faces another way.
    const facing = dot(vectorAt(mesh.triangleNormals, at / 3), chamber.valve.normal);
    if (facing > 0.8 && corners.every(onIt)) continue;
    for (const vertex of corners) {
      if (!numberOf.has(vertex)) {
        numberOf.set(vertex, numberOf.size);
        vertices.push(...vectorAt(mesh.vertices, vertex));
      }
      triangles.push(numberOf.get(vertex)!);
    }
  }
  return { ...finishMesh(Float64Array.from(vertices), Uint32Array.from(triangles)), volumeMl: mesh.volumeMl };
}
