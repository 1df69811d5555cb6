import type { Surface } from '../mesh/surface.ts';
import { cross, dot, subtract, unit, type Vector3, vectorAt } from '../mesh/vector.ts';
import { type ColorLetter, inside, shaded } from './looks.ts';
import type { Shape } from './model.ts';

/** From where a patient is looked at: degrees from the front towards the patient's left. */
// biome-ignore format: the columns are the documentation
export const views = [
  ['AP',    0],
  ['LAO',  45],
  ['Left', 90],
  ['PA',  180],
  ['RAO', -30],
  ['Right', -90],
] as const;

/** Flat coordinates: right and down on the page, and towards the eye. */
export interface Projection {
  readonly project: (place: Vector3) => readonly [x: number, y: number, near: number];
  /** The way from the chamber to the eye. */
  readonly eye: Vector3;
  readonly size: number;
}

const pixels = 300;
const margin = 14;

export function projectionOf({ positionsMm }: Surface, degrees: number): Projection {
  const angle = (degrees * Math.PI) / 180;
  const eye: Vector3 = [Math.sin(angle), -Math.cos(angle), 0];
  const right: Vector3 = [Math.cos(angle), Math.sin(angle), 0];
  const flat = (place: Vector3): [number, number] => [dot(place, right), -place[2]];
  let [left, top, end, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < positionsMm.length / 3; at++) {
    const [x, y] = flat(vectorAt(positionsMm, at));
    [left, end] = [Math.min(left, x), Math.max(end, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  const zoom = (pixels - 2 * margin) / Math.max(end - left, bottom - top);
  const [dx, dy] = [(pixels - zoom * (end - left)) / 2, (pixels - zoom * (bottom - top)) / 2];
  return {
    eye,
    size: pixels,
    project: (place) => {
      const [x, y] = flat(place);
      return [dx + zoom * (x - left), dy + zoom * (y - top), dot(place, eye)];
    },
  };
}

export interface Painting {
  readonly colorOf: (triangle: number) => ColorLetter;
  /** Whether the inner side can be seen: the surface has openings. */
  readonly isOpen: boolean;
}

/** The triangles that can be seen, from far to near, so that what is near covers what is far. */
export function paint(surface: Surface, projection: Projection, { colorOf, isOpen }: Painting): readonly Shape[] {
  const { positionsMm: p, triangles } = surface;
  const drawn: { readonly near: number; readonly shape: Shape }[] = [];
  for (let t = 0; t < triangles.length / 3; t++) {
    const corners = [0, 1, 2].map((k) => vectorAt(p, triangles[3 * t + k]!)) as [Vector3, Vector3, Vector3];
    const facing = dot(unit(cross(subtract(corners[1], corners[0]), subtract(corners[2], corners[0]))), projection.eye);
    if (!(facing > 0 || (isOpen && facing < 0))) continue;
    const flat = corners.map(projection.project);
    const near = flat.reduce((sum, one) => sum + one[2], 0);
    const shape: Shape = {
      kind: 'polygon',
      look: shaded(facing > 0 ? colorOf(t) : inside, Math.abs(facing)),
      corners: flat.map(([x, y]) => [x, y]),
    };
    drawn.push({ near, shape });
  }
  return drawn.sort((a, b) => a.near - b.near).map(({ shape }) => shape);
}

/** Tells whether a place on the surface can be seen: nothing lies clearly before it. */
export function visibility(surface: Surface, { project, eye, size }: Projection): (place: Vector3) => boolean {
  const cell = 4;
  const side = Math.ceil(size / cell);
  const nearest = new Float64Array(side * side).fill(-Infinity);
  const { positionsMm: p, triangles } = surface;
  for (let t = 0; t < triangles.length; t += 3) {
    const corners = [0, 1, 2].map((k) => project(vectorAt(p, triangles[t + k]!)));
    const near = Math.max(...corners.map((one) => one[2]));
    const span = (axis: 0 | 1) =>
      [Math.min, Math.max].map((pick) => Math.floor(pick(...corners.map((one) => one[axis])) / cell));
    const [[left, right], [top, bottom]] = [span(0), span(1)] as [[number, number], [number, number]];
    for (let x = Math.max(0, left); x <= Math.min(side - 1, right); x++)
      for (let y = Math.max(0, top); y <= Math.min(side - 1, bottom); y++) {
        nearest[y * side + x] = Math.max(nearest[y * side + x]!, near);
      }
  }
  const hiddenMm = 7;
  return (place) => {
    const [x, y] = project(place);
    const before = nearest[Math.min(side - 1, Math.floor(y / cell)) * side + Math.min(side - 1, Math.floor(x / cell))]!;
    return dot(place, eye) > before - hiddenMm;
  };
}
