import { isVein, type Labelled, labelNumber, sideFrame, sides } from '../anatomy/anatomy.ts';
import type { Lesion } from '../lesions/lesion.ts';
import { look } from '../look.ts';
import { mapPlaces } from '../mesh/places.ts';
import { PointGrid } from '../mesh/point-grid.ts';
import { dot, subtract, type Vector3, vectorAt } from '../mesh/vector.ts';
import { type Rotation, turned } from '../segmentation/rotation.ts';
import type { Shell } from '../segmentation/shell.ts';

export const siteChannels = 32;

export interface SiteFeatureGround {
  readonly shell: Shell;
  readonly labels: Uint8Array;
  /** Into the model's pose: first the centre is taken away, then it is turned. */
  readonly centreMm: Vector3;
  readonly turn: Rotation;
}

type LesionInput = Pick<Lesion, 'placeMm' | 'index' | 'durationS' | 'startS'>;

/**
 * What the site model sees of the lesions, in the order of time: [32][L], channel first (CONTRACT.md, 8). Undefined where
 * a side has no vein.
 */
export function siteFeatures(ground: SiteFeatureGround, lesions: readonly LesionInput[]): Float64Array | undefined {
  const { shell, labels, turn, centreMm } = ground;
  const canonical = (place: Vector3) => turned(turn, subtract(place, centreMm));
  const labelled: Labelled = {
    triangles: shell.triangles,
    labels,
    positionsMm: mapPlaces(shell.positionsMm, canonical),
  };
  const frames = sides.map((side) => sideFrame(side, labelled, shell.halfEdges));
  if (frames.some((frame) => !frame)) return undefined;
  const nearestTo = gridsOf(labelled, shell, canonical);
  const places = lesions.map(({ placeMm }) => canonical(placeMm));
  const out = new Float64Array(siteChannels * lesions.length);
  for (const [l, x] of places.entries()) {
    look();
    const row: number[] = [];
    for (const frame of frames) {
      const { centreMm: c, anterior, superior, outward, heightMm } = frame!;
      const r = subtract(x, c);
      const [a, s, away] = [dot(r, anterior), dot(r, superior), dot(r, outward)];
      const rho = Math.sqrt(a * a + s * s);
      const safe = Math.max(rho, 1e-9);
      row.push(a / safe, s / safe, Math.min(rho, 80) / 20, clip80(away), clip80(a), clip80(s), heightMm / 20);
    }
    row.push(...nearestTo.pouches.map((grid) => Math.min(farOf(grid, x), 40) / 20));
    row.push(Math.min(farOf(nearestTo.valve, x), 60) / 30);
    const { index, squared } = nearestTo.all.nearest(x, 1);
    row.push(...turned(turn, vectorAt(shell.normals, index[0]!)));
    row.push(...x.map((value) => Math.min(4, Math.max(-4, value / 40))));
    row.push(Math.min(Math.sqrt(squared[0]!), 20) / 10);
    row.push(...dose(lesions[l]!), ...step(lesions, places, l));
    for (const [channel, value] of row.entries()) out[channel * lesions.length + l] = value;
  }
  return out;
}

const clip80 = (value: number) => Math.min(80, Math.max(-80, value)) / 20;

function dose({ index, durationS }: LesionInput): number[] {
  return [
    ...(index === undefined ? [0, 0] : [Math.min(index, 1000) / 500, 1]),
    durationS === undefined ? 0 : Math.min(durationS, 60) / 20,
  ];
}

/** Time and way since the lesion before. */
function step(lesions: readonly LesionInput[], places: readonly Vector3[], l: number): number[] {
  if (l === 0) return [0, 0];
  const [here, before] = [lesions[l]!.startS, lesions[l - 1]!.startS];
  const between = subtract(places[l]!, places[l - 1]!);
  return [
    here === undefined || before === undefined ? 0 : Math.min(here - before, 300) / 60,
    Math.min(Math.sqrt(dot(between, between)), 60) / 20,
  ];
}

function gridsOf({ positionsMm, labels }: Labelled, shell: Shell, canonical: (place: Vector3) => Vector3) {
  const withLabel = (wanted: number) => {
    const found: number[] = [];
    for (const [at, label] of labels.entries()) if (label === wanted) found.push(...vectorAt(positionsMm, at));
    return found;
  };
  const wideRims = shell.rims
    .filter(({ perimeterMm }) => perimeterMm >= 60)
    .flatMap(({ placeMm }) => [...canonical(placeMm)]);
  const pouches = [...labelNumbers().filter(isVein), labelNumber.LAA].map((label) => gridOf(withLabel(label)));
  return { pouches, valve: gridOf([...withLabel(labelNumber.MV), ...wideRims]), all: new PointGrid(positionsMm, 6) };
}

const labelNumbers = () => Object.values(labelNumber);
const gridOf = (positions: number[]) => (positions.length > 0 ? new PointGrid(positions, 6) : undefined);

function farOf(grid: PointGrid | undefined, place: Vector3): number {
  return grid ? Math.sqrt(grid.nearest(place, 1).squared[0]!) : Infinity;
}
