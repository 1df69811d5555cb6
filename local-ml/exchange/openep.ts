import type { Mesh, StudyMap } from '../../carto/index.ts';
import type { Lesion } from '../lesions/lesion.ts';

/**
 * The fields of an OpenEP `userdata` structure that a CARTO map has, under OpenEP's names, as plain arrays: a MAT file or
 * HDF5 is written from it one to one. Missing numbers are null (NaN there). Indices of triangles begin with 1, as MATLAB's do.
 * Coordinates are the map's own, mm.
 */
export interface OpenEpUserdata {
  readonly systemName: 'carto';
  readonly notes: readonly string[];
  readonly electric: {
    readonly egmX: readonly (readonly number[])[];
    readonly voltages: { readonly bipolar: readonly (number | null)[]; readonly unipolar: readonly (number | null)[] };
    readonly annotations: {
      readonly referenceAnnot: readonly (number | null)[];
      readonly mapAnnot: readonly (number | null)[];
      readonly woi: readonly (readonly (number | null)[])[];
    };
  };
  readonly surface: {
    readonly triRep: {
      readonly X: readonly (readonly number[])[];
      readonly Triangulation: readonly (readonly number[])[];
    };
    /** Columns: local activation time (ms), bipolar voltage (mV). */
    readonly act_bip: readonly (readonly (number | null)[])[];
    /** Columns: unipolar voltage (mV), impedance (ohm), force (g). */
    readonly uni_imp_frc: readonly (readonly (number | null)[])[];
    /** 1 where the vertex is on the rim of a hole. */
    readonly isVertexAtRim: readonly number[];
  };
  readonly rfindex: {
    readonly tag: {
      readonly X: readonly (readonly number[])[];
      readonly avgForce: readonly (number | null)[];
      readonly fti: readonly (number | null)[];
      readonly index: { readonly name: 'Ablation Index'; readonly value: readonly (number | null)[] };
      readonly time: readonly (number | null)[];
      readonly impedanceDrop: readonly (number | null)[];
    };
  };
}

/** A map with a surface, and the lesions of its study, for OpenEP. Pure; no name of the study is in it. */
export function openEpOf(
  map: StudyMap & { readonly mesh: Mesh },
  lesions: readonly Lesion[],
  notes: readonly string[],
): OpenEpUserdata {
  const { mesh, points } = map;
  const recorded = points.map(({ recording }) => recording);
  return {
    systemName: 'carto',
    notes,
    electric: {
      egmX: points.map(({ positionMm }) => [...positionMm]),
      voltages: {
        bipolar: recorded.map((one) => one?.bipolarMv ?? null),
        unipolar: recorded.map((one) => one?.unipolarMv ?? null),
      },
      annotations: {
        referenceAnnot: recorded.map((one) => one?.referenceSample ?? null),
        mapAnnot: recorded.map((one) => one?.annotationSample ?? null),
        woi: recorded.map((one) => [one?.window?.fromMs ?? null, one?.window?.toMs ?? null]),
      },
    },
    surface: surfaceOf(mesh),
    rfindex: {
      tag: {
        // Back from LPS into the frame of the map.
        X: lesions.map(({ placeMm: [x, y, z] }) => [x, z, 0 - y]),
        avgForce: lesions.map(({ forceG }) => forceG ?? null),
        fti: lesions.map(({ ftiGs }) => ftiGs ?? null),
        index: { name: 'Ablation Index', value: lesions.map(({ index }) => index ?? null) },
        time: lesions.map(({ durationS }) => durationS ?? null),
        impedanceDrop: lesions.map(({ impedanceDropOhm }) => impedanceDropOhm ?? null),
      },
    },
  };
}

function surfaceOf(mesh: Mesh): OpenEpUserdata['surface'] {
  const vertices = mesh.positionsMm.length / 3;
  const visible = Array.from({ length: mesh.triangles.length / 3 }, (_, t) => t).filter(
    (t) => (mesh.triangleGroups[t] ?? 0) >= 0,
  );
  const corners = (t: number) =>
    [mesh.triangles[3 * t]!, mesh.triangles[3 * t + 1]!, mesh.triangles[3 * t + 2]!] as const;
  const color = (name: string) => mesh.colors.find((one) => one.name === name)?.values;
  const columns = (...names: readonly string[]) => {
    const values = names.map(color);
    return Array.from({ length: vertices }, (_, at) => values.map((column) => numberOrNull(column?.[at])));
  };
  return {
    triRep: {
      X: Array.from({ length: vertices }, (_, at) => [...mesh.positionsMm.subarray(3 * at, 3 * at + 3)]),
      Triangulation: visible.map((t) => corners(t).map((vertex) => vertex + 1)),
    },
    act_bip: columns('LAT', 'Bipolar'),
    uni_imp_frc: columns('Unipolar', 'Impedance', 'Force'),
    isVertexAtRim: rimOf(vertices, visible.map(corners)),
  };
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

/** Vertices of edges that belong to one visible triangle only. */
function rimOf(vertices: number, triangles: readonly (readonly [number, number, number])[]): number[] {
  const count = new Map<number, number>();
  const keyOf = (a: number, b: number) => Math.min(a, b) * vertices + Math.max(a, b);
  const edges = triangles.flatMap(
    ([a, b, c]) =>
      [
        [a, b],
        [b, c],
        [c, a],
      ] as const,
  );
  for (const [a, b] of edges) count.set(keyOf(a, b), (count.get(keyOf(a, b)) ?? 0) + 1);
  const rim = new Array<number>(vertices).fill(0);
  for (const [a, b] of edges) if (count.get(keyOf(a, b)) === 1) [rim[a], rim[b]] = [1, 1];
  return rim;
}
