import {
  type CheckResult,
  coloringNames,
  isDefaultTag,
  type Mesh,
  meshFlags,
  type Source,
  type Study,
  type StudyMap,
} from '../../carto/index.ts';
import type { CheckSummary, Inspection } from '../../protocol/inspection.ts';

/** What a study holds, as numbers: no name that staff typed is in it. */
export function inspectionOf(source: Source, study: Study, results: readonly CheckResult[]): Inspection {
  return {
    container: source.container ?? 'folder',
    files: source.files.length,
    bytes: source.files.reduce((total, file) => total + file.bytes, 0),
    maps: study.maps.map((map, at) => mapOf(map, at + 1)),
    shells: study.shells.map(({ visible, landmarksMm, mesh }, at) => ({
      shell: at + 1,
      visible,
      landmarks: landmarksMm.length,
      ...(mesh ? { surface: surfaceOf(mesh) } : {}),
    })),
    colorings: coloringsOf(study),
    tags: tagsOf(study),
    applications: applicationsOf(study),
    ...visiTagOf(study),
    ...(study.paceMapping
      ? {
          paceMapping: {
            templates: study.paceMapping.templates.length,
            correlations: study.paceMapping.correlations.length,
          },
        }
      : {}),
    leftOut: [...study.leftOut],
    warnings: [...study.warnings],
    damaged: [...study.damaged],
    checks: { summary: summaryOf(results), results: [...results] },
  };
}

function mapOf(map: StudyMap, ordinal: number): Inspection['maps'][number] {
  const { visible, volumeMl, mesh, furtherMeshes, cutouts, points } = map;
  const recordings = points.flatMap(({ recording }) => recording ?? []);
  return {
    map: ordinal,
    visible,
    ...(volumeMl === undefined ? {} : { statedVolumeMl: volumeMl }),
    ...(mesh ? { surface: surfaceOf(mesh) } : {}),
    furtherSurfaces: furtherMeshes.length,
    cutouts: cutouts.length,
    points: points.length,
    recordings: recordings.length,
    tagged: points.filter(({ tagIds }) => tagIds.length > 0).length,
    ecgFiles: new Set(recordings.flatMap(({ ecgFile }) => ecgFile ?? [])).size,
  };
}

function surfaceOf({ positionsMm, triangleGroups, deleted, colors, attributes }: Mesh) {
  return {
    vertices: positionsMm.length / 3,
    triangles: triangleGroups.length,
    hidden: triangleGroups.reduce((total, group) => total + (group < 0 ? 1 : 0), 0),
    deleted: deleted.vertices,
    colorings: colors.map(({ name }) => knownOr(name, coloringNames)),
    flags: attributes.map(({ name }) => knownOr(name, meshFlags)),
  };
}

/** Colourings and flags may bear names of the format's own; what is not one of these is not repeated. */
function knownOr(name: string, known: ReadonlySet<string>): string {
  return known.has(name) ? name : 'other';
}

function coloringsOf({ colorings, maps }: Study): Inspection['colorings'] {
  return colorings.filter(isNumbered).map(({ id, name, units }) => ({
    id,
    ...(coloringNames.has(name) ? { name } : {}),
    units: units.length > 8 ? '' : units,
    maps: maps.filter(({ coloringRanges }) => coloringRanges.some(({ coloringId }) => coloringId === id)).length,
  }));
}

/** An id that the export writes as a word for *no number* is none. */
function isNumbered({ id }: { readonly id: number }): boolean {
  return Number.isFinite(id);
}

function tagsOf({ tags, maps }: Study): Inspection['tags'] {
  const used = new Map<number, number>();
  for (const { points } of maps) {
    for (const { tagIds } of points) for (const id of new Set(tagIds)) used.set(id, (used.get(id) ?? 0) + 1);
  }
  return [...used]
    .filter(([id]) => Number.isFinite(id))
    .sort(([a], [b]) => a - b)
    .map(([id, points]) => {
      const tag = tags.find((one) => one.id === id);
      return { id, ...(tag && isDefaultTag(tag.shortName, tag.fullName) ? { name: tag.fullName } : {}), points };
    });
}

function applicationsOf({ applications }: Study): Inspection['applications'] {
  return {
    count: applications.length,
    withGenerator: applications.filter(({ generator }) => generator).length,
    withForce: applications.filter(({ force }) => force).length,
    electrodes: applications.reduce((most, { electrodes }) => Math.max(most, electrodes.length), 0),
  };
}

function visiTagOf({ visiTag }: Study): Pick<Inspection, 'visiTag'> {
  if (!visiTag) return {};
  const { sites, sessions, ablationData, contactForceData, grids, presets, formulas } = visiTag;
  return {
    visiTag: {
      lesions: sites.length,
      sessions: sessions.length,
      withIndex: sites.filter(({ rfIndex }) => rfIndex !== undefined).length,
      ablationRows: ablationData?.rows ?? 0,
      forceRows: contactForceData?.rows ?? 0,
      gridRows: grids?.rows ?? 0,
      presets: presets.length,
      formulas: formulas.length,
    },
  };
}

/** Each check once, in order of first appearance. */
function summaryOf(results: readonly CheckResult[]): CheckSummary[] {
  const summaries = new Map<string, CheckSummary>();
  for (const { check, unit, outcome, deviation } of results) {
    const summary = summaries.get(check) ?? { check, unit, ok: 0, differs: 0, measured: 0, notApplicable: 0 };
    summary[outcome === 'not-applicable' ? 'notApplicable' : outcome]++;
    if (deviation !== undefined && !(Math.abs(deviation) <= Math.abs(summary.worst ?? Number.NaN)))
      summary.worst = deviation;
    summaries.set(check, summary);
  }
  return [...summaries.values()];
}
