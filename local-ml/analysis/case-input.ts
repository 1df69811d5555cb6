import { createHash } from 'node:crypto';
import { isDefaultTag, type Study, type StudyMap } from '../../carto/index.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Sha256 } from '../../core/digest.ts';
import { type Lesion, lesionsOf } from '../lesions/lesion.ts';
import { lpsOf, type SurfaceOfMesh, surfaceOf } from '../mesh/surface.ts';
import type { Vector3 } from '../mesh/vector.ts';
import { weld } from '../mesh/weld.ts';

/** What is analysed of a study: one map's surface and voltages, and the lesions. Everything in LPS, mm. */
export interface CaseInput {
  /** From 1, in the order of the study; absent where no map has a surface. */
  readonly map?: number;
  readonly chamberHint: 'left-atrium' | 'other' | 'none';
  /** Welded; `sourceVertex` leads to the vertices of the mesh as exported. */
  readonly surface: SurfaceOfMesh;
  readonly meshVertices: number;
  /** n, mV, NaN where there is none. */
  readonly bipolarMv: Float64Array;
  /** 3k, where points were taken that have a voltage. */
  readonly mappedMm: Float64Array;
  /** Points that staff tagged with one of the system's own tags of veins and valves. */
  readonly tags: readonly { readonly name: string; readonly placeMm: Vector3 }[];
  readonly lesions: readonly Lesion[];
}

const leftAtrium = /(^|[^a-z])(la|left[ -]?atri[a-z]*)([^a-z]|$)/i;
const otherChamber = /(^|[^a-z])(ra|rv|lv|right[ -]?atri[a-z]*|[lr]?vot|ventric[a-z]*|aorta|cs|svc|ivc)([^a-z]|$)/i;

/** Chooses the map that is most likely the left atrium that was mapped, and takes from the study what is looked at. */
export function caseInputOf(study: Study): CaseInput {
  const lesions = lesionsOf(study);
  const chosen = study.maps
    .map((map, at) => ({ map, number: at + 1, hint: hintOf(map, study) }))
    .filter(({ map }) => map.mesh && map.mesh.triangles.length > 0)
    .sort(
      (a, b) =>
        rank(b.hint) - rank(a.hint) || b.map.points.length - a.map.points.length || sizeOf(b.map) - sizeOf(a.map),
    )[0];
  if (!chosen) {
    const surface = { positionsMm: new Float64Array(), triangles: new Uint32Array(), sourceVertex: new Uint32Array() };
    const nothing = { bipolarMv: new Float64Array(), mappedMm: new Float64Array(), tags: [], meshVertices: 0 };
    return { chamberHint: 'none', surface, ...nothing, lesions };
  }
  const { map, number, hint } = chosen;
  const mesh = map.mesh!;
  const visible = surfaceOf(mesh);
  const welded = weld(visible);
  const surface = { ...welded, sourceVertex: welded.sourceVertex.map((vertex) => visible.sourceVertex[vertex]!) };
  const bipolar = mesh.colors.find(({ name }) => name === 'Bipolar')?.values;
  return {
    ...{ map: number, chamberHint: hint, surface, meshVertices: mesh.positionsMm.length / 3, lesions },
    bipolarMv: Float64Array.from(surface.sourceVertex, (vertex) => plausibleMv(bipolar?.[vertex])),
    mappedMm: Float64Array.from(
      map.points.flatMap(({ id, positionMm, recording }) => {
        const mv = recording?.bipolarMv ?? map.car.get(id)?.bipolarMv;
        return mv === undefined || !positionMm.every(Number.isFinite) ? [] : lpsOf(...positionMm);
      }),
    ),
    tags: placedTags(map, study),
  };
}

/** Voltages are not negative; what is, or is no number, is none. */
function plausibleMv(mv: number | undefined): number {
  return mv !== undefined && mv >= 0 && mv < 100 ? mv : Number.NaN;
}

const rank = (hint: CaseInput['chamberHint']) => ({ 'left-atrium': 2, none: 1, other: 0 })[hint];
const sizeOf = ({ mesh }: StudyMap) => mesh?.positionsMm.length ?? 0;

function hintOf(map: StudyMap, study: Study): CaseInput['chamberHint'] {
  const [left, other] = [leftAtrium.test(map.name), otherChamber.test(map.name)];
  if (left !== other) return left ? 'left-atrium' : 'other';
  const names = new Set(placedTags(map, study).map(({ name }) => name));
  const hasLeft = ['LSPV', 'LIPV', 'RSPV', 'RIPV', 'MA'].some((name) => names.has(name));
  const hasOther = ['TA', 'IVC OS', 'SVC OS'].some((name) => names.has(name));
  if (hasLeft === hasOther) return 'none';
  return hasLeft ? 'left-atrium' : 'other';
}

function placedTags(map: StudyMap, study: Study): CaseInput['tags'] {
  const byId = new Map(study.tags.map((tag) => [tag.id, tag]));
  return map.points.flatMap(({ tagIds, positionMm }) =>
    tagIds.flatMap((id) => {
      const tag = byId.get(id);
      if (!tag || !isDefaultTag(tag.shortName, tag.fullName) || !positionMm.every(Number.isFinite)) return [];
      return [
        {
          name: tag.shortName.replace(/ OS$/, tag.shortName.includes('PV') ? '' : ' OS'),
          placeMm: lpsOf(...positionMm),
        },
      ];
    }),
  );
}

/** The digest of what is analysed: numbers as they are, little-endian, then the rest as canonical JSON. */
export function digestOf({ surface, bipolarMv, mappedMm, tags, lesions, chamberHint }: CaseInput): Sha256 {
  const hash = createHash('sha256').update('vestibule-analysis-input/1\n');
  const withoutNaN = bipolarMv.map((mv) => (Number.isNaN(mv) ? -10_000 : mv));
  for (const array of [surface.positionsMm, surface.triangles, withoutNaN, mappedMm]) {
    hash.update(`${array.length}\n`).update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  const places = lesions.map((lesion) => ({
    ...lesion,
    placeMm: lesion.placeMm.map((mm) => (Number.isFinite(mm) ? mm : null)),
  }));
  return hash.update(canonicalJson({ tags, lesions: places, chamberHint })).digest('hex') as Sha256;
}
