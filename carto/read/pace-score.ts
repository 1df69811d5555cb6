import type { Mesh, MeshColor } from '../study.ts';
import type { Survey } from '../survey.ts';
import { hasPaceMapping } from './paso.ts';

/**
 * Where pace mapping was used, the slot of LAT can hold its score with a negative sign (A3, trap 10). Nothing tells
 * which it is when every value lies between -100 and 0: such a colour is marked, its values stay.
 */
export function markScores(mesh: Mesh, survey: Survey): Mesh {
  if (!hasPaceMapping(survey)) return mesh;
  return { ...mesh, colors: mesh.colors.map((color) => (isScoreLike(color) ? { ...color, mayBeScore: true } : color)) };
}

function isScoreLike({ name, values }: MeshColor): boolean {
  return name === 'LAT' && values.some((value) => value < 0) && !values.some((value) => value < -100 || value > 0);
}
