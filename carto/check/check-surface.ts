import type { Mesh, StudyMap } from '../study.ts';
import { normalAgreement, signedVolumeMl, visibleAreaCm2 } from './geometry.ts';
import { type CheckName, type CheckResult, compared, measured, notApplicable, type Subject } from './result.ts';
import { topologyOf } from './topology.ts';

/** Coordinates have three decimals, the volume of a chamber four. */
const volumeToleranceMl = 0.01;
/** Triangles that are almost lines may face anywhere. */
const normalTolerance = 0.001;

const units = {
  volume: 'ml',
  area: 'cm²',
  'point-density': '1/cm²',
  'boundary-edges': '',
  'crowded-edges': '',
  'turned-edges': '',
  euler: '',
  normals: '',
} as const;

/** What a map's surface tells, beside what the map states of it. */
export function checkMapSurface(map: StudyMap, subject: Subject): CheckResult[] {
  const { mesh, volumeMl, points } = map;
  if (!mesh) {
    return (Object.keys(units) as (keyof typeof units)[]).map((check) =>
      notApplicable({ check, subject, unit: units[check] }, 'the map has no surface'),
    );
  }
  const area = visibleAreaCm2(mesh);
  return [
    ...checkSurface(mesh, subject, { statedMl: volumeMl, area }),
    area > 0
      ? measured(placeOf('point-density', subject), points.length / area)
      : notApplicable(placeOf('point-density', subject), 'the surface has no area'),
  ];
}

/** What any surface tells. A surface with holes encloses nothing: its volume is not compared. */
export function checkSurface(
  mesh: Mesh,
  subject: Subject,
  known: { readonly statedMl?: number | undefined; readonly area?: number } = {},
): CheckResult[] {
  const { statedMl, area = visibleAreaCm2(mesh) } = known;
  const { boundaryEdges, crowdedEdges, turnedEdges, euler } = topologyOf(mesh);
  const saysClosed = mesh.topologyStatus === 0;
  const expectNone = (check: CheckName, found: number) =>
    saysClosed
      ? compared(placeOf(check, subject), { found, expected: 0, tolerance: 0 })
      : measured(placeOf(check, subject), found);
  const agreement = normalAgreement(mesh);
  return [
    volume(mesh, subject, { isClosed: boundaryEdges === 0, statedMl }),
    measured(placeOf('area', subject), area),
    expectNone('boundary-edges', boundaryEdges),
    expectNone('crowded-edges', crowdedEdges),
    expectNone('turned-edges', turnedEdges),
    measured(placeOf('euler', subject), euler),
    agreement === undefined
      ? notApplicable(placeOf('normals', subject), 'no triangle has a normal')
      : compared(placeOf('normals', subject), { found: agreement, expected: 1, tolerance: normalTolerance }),
  ];
}

function volume(
  mesh: Mesh,
  subject: Subject,
  { isClosed, statedMl }: { readonly isClosed: boolean; readonly statedMl?: number | undefined },
): CheckResult {
  const place = placeOf('volume', subject);
  if (!isClosed) return notApplicable(place, 'the surface has holes');
  const found = signedVolumeMl(mesh);
  if (statedMl === undefined) return measured(place, found);
  return compared(place, { found, expected: statedMl, tolerance: volumeToleranceMl });
}

function placeOf(check: CheckName, subject: Subject) {
  return { check, subject, unit: units[check as keyof typeof units] };
}
