import { type HalfEdges, halfEdgesOf } from './half-edges.ts';
import { boundsOf, signedVolumeMl, triangleAreasMm2 } from './measure.ts';
import { piecesOf } from './pieces.ts';
import { partOf, type Surface, type SurfaceOfMesh } from './surface.ts';
import { distance } from './vector.ts';

/** Limits of what is looked at as one chamber. */
export interface SurfaceLimits {
  readonly minVertices: number;
  readonly maxVertices: number;
  readonly minAreaCm2: number;
  readonly maxAreaCm2: number;
  readonly minDiagonalMm: number;
  readonly maxDiagonalMm: number;
  /** Triangles without area, of all. */
  readonly maxFlatShare: number;
  /** Edges of other than one or two triangles, of all. */
  readonly maxCrowdedShare: number;
  /** Area outside the largest piece, of all: less is dropped as debris. */
  readonly maxDebrisShare: number;
}

export const defaultSurfaceLimits: SurfaceLimits = {
  ...{ minVertices: 500, maxVertices: 400_000 },
  ...{ minAreaCm2: 40, maxAreaCm2: 400, minDiagonalMm: 50, maxDiagonalMm: 250 },
  ...{ maxFlatShare: 0.01, maxCrowdedShare: 0.05, maxDebrisShare: 0.05 },
};

/**
 * Why a surface is not looked at.
 *
 * - `no-surface`: there is no triangle
 * - `not-finite`: a coordinate is no number; `bad-index`: a triangle names a vertex that is not there
 * - `too-few-vertices`, `too-many-vertices`
 * - `flat-triangles`: too many have no area; `not-a-surface`: too many edges have three triangles or more
 * - `several-shells`: what hangs together is not one chamber
 * - `wrong-units`: it would have the size of a chamber in another unit; `implausible-size`: in none
 * - `inside-out`: triangles run clockwise seen from outside, as those of a mirrored surface do
 */
export type SurfaceFlaw =
  | 'no-surface'
  | 'not-finite'
  | 'bad-index'
  | 'too-few-vertices'
  | 'too-many-vertices'
  | 'flat-triangles'
  | 'not-a-surface'
  | 'several-shells'
  | 'wrong-units'
  | 'implausible-size'
  | 'inside-out';

/** One piece, fit to be measured. */
export interface SoundSurface extends SurfaceOfMesh {
  readonly halfEdges: HalfEdges;
  /** m, mm². */
  readonly areasMm2: Float64Array;
  readonly areaCm2: number;
  /** Holes closed by fans. */
  readonly volumeMl: number;
  readonly debrisTriangles: number;
}

export type Validation = { readonly flaw: SurfaceFlaw; readonly found: string } | { readonly sound: SoundSurface };

/** Checks a surface and takes its largest piece. Nothing that passes can make the measures below fail or lie. */
export function validate(surface: SurfaceOfMesh, limits: SurfaceLimits = defaultSurfaceLimits): Validation {
  const broken = brokenArrays(surface, limits);
  if (broken) return broken;
  const areas = triangleAreasMm2(surface);
  const total = sum(areas);
  const flat = areas.reduce((count, area) => count + (area < flatMm2 ? 1 : 0), 0) / areas.length;
  const size = sizeFlaw(surface, total / 100, limits);
  if (size) return size;
  if (flat > limits.maxFlatShare) return { flaw: 'flat-triangles', found: percent(flat) };
  const { pieceOf, count } = piecesOf(surface);
  const areaOf = new Float64Array(count);
  for (const [t, area] of areas.entries()) areaOf[pieceOf[t]!]! += area;
  const largest = areaOf.indexOf(areaOf.reduce((most, area) => Math.max(most, area), 0));
  const debris = 1 - areaOf[largest]! / total;
  if (debris > limits.maxDebrisShare) return { flaw: 'several-shells', found: `${percent(debris)} in other pieces` };
  const part =
    count === 1
      ? surface
      : within(
          surface,
          partOf(surface, (t) => pieceOf[t] === largest),
        );
  return soundPiece(part, (surface.triangles.length - part.triangles.length) / 3, limits);
}

const flatMm2 = 1e-6;

function soundPiece(part: SurfaceOfMesh, debrisTriangles: number, limits: SurfaceLimits): Validation {
  const halfEdges = halfEdgesOf(part);
  const crowdedShare = halfEdges.crowdedEdges / halfEdges.edges;
  if (crowdedShare > limits.maxCrowdedShare) return { flaw: 'not-a-surface', found: percent(crowdedShare) };
  const volumeMl = signedVolumeMl(part, halfEdges);
  if (volumeMl <= 0) return { flaw: 'inside-out', found: `${Math.round(volumeMl)} ml` };
  const areasMm2 = triangleAreasMm2(part);
  return { sound: { ...part, halfEdges, areasMm2, areaCm2: sum(areasMm2) / 100, volumeMl, debrisTriangles } };
}

function brokenArrays({ positionsMm: p, triangles }: Surface, limits: SurfaceLimits): Validation | undefined {
  const vertices = p.length / 3;
  if (triangles.length === 0) return { flaw: 'no-surface', found: 'no triangle' };
  if (triangles.some((vertex) => vertex >= vertices)) return { flaw: 'bad-index', found: `${vertices} vertices` };
  if (p.some((value) => !Number.isFinite(value))) return { flaw: 'not-finite', found: 'a coordinate' };
  if (vertices < limits.minVertices) return { flaw: 'too-few-vertices', found: `${vertices}` };
  if (vertices > limits.maxVertices) return { flaw: 'too-many-vertices', found: `${vertices}` };
  return undefined;
}

/** mm per unit of what a file may be in by mistake: µm, cm, inch, m. */
const otherUnits = [0.001, 10, 25.4, 1000];

function sizeFlaw(surface: Surface, areaCm2: number, limits: SurfaceLimits): Validation | undefined {
  const { low, high } = boundsOf(surface.positionsMm);
  const diagonal = distance(low, high);
  const fits = (mm: number) =>
    areaCm2 * mm * mm >= limits.minAreaCm2 &&
    areaCm2 * mm * mm <= limits.maxAreaCm2 &&
    diagonal * mm >= limits.minDiagonalMm &&
    diagonal * mm <= limits.maxDiagonalMm;
  if (fits(1)) return undefined;
  const found = `${areaCm2.toPrecision(3)} cm² across ${diagonal.toPrecision(3)} mm`;
  return { flaw: otherUnits.some(fits) ? 'wrong-units' : 'implausible-size', found };
}

/** A part of a part still knows the vertices of the mesh. */
function within(whole: SurfaceOfMesh, part: SurfaceOfMesh): SurfaceOfMesh {
  return { ...part, sourceVertex: part.sourceVertex.map((vertex) => whole.sourceVertex[vertex]!) };
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
