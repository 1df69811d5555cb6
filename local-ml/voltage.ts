import { shareBelow } from './clip.ts';
import { glance } from './look.ts';

export interface VoltageConfig {
  /** Low voltage is below these, mV, rising. */
  readonly thresholdsMv: readonly number[];
  /** What is farther than this from every mapped point is not counted as mapped, mm. */
  readonly fillThresholdMm: number;
  /** A mapped point farther than this from the surface tells nothing about it, mm. */
  readonly pointToSurfaceMm: number;
}

export const defaultVoltageConfig: VoltageConfig = {
  thresholdsMv: [0.2, 0.5],
  fillThresholdMm: 10,
  pointToSurfaceMm: 5,
};

export interface VoltageField {
  /** 3m, indices of vertices. */
  readonly triangles: Uint32Array;
  /** m, mm². */
  readonly areasMm2: Float64Array;
  /** n, mV, NaN where there is none. */
  readonly bipolarMv: Float64Array;
  /** m: the region of each triangle; undefined where the triangle is left out of all counts. */
  readonly regionOf: readonly (string | undefined)[];
  /** n, mm: how far the nearest mapped point is. Absent where the points are not known: then all counts as mapped. */
  readonly fillMm?: Float64Array;
}

export interface RegionVoltage {
  readonly region: string;
  readonly areaMm2: number;
  /** Where there is a value and a mapped point near enough: the denominator of what is low. */
  readonly mappedMm2: number;
  /** Of what is mapped, for each threshold. */
  readonly belowMm2: readonly number[];
}

/**
 * Areas by region, by exact clipping: voltages and distances are linear within a triangle, so the border of a low area is
 * a straight line in it. A triangle with a corner that has no value counts as not mapped.
 */
export function measureVoltage(field: VoltageField, config: VoltageConfig): readonly RegionVoltage[] {
  const { triangles, areasMm2, bipolarMv, regionOf, fillMm } = field;
  const regions = new Map<string, { areaMm2: number; mappedMm2: number; belowMm2: number[] }>();
  for (const [t, area] of areasMm2.entries()) {
    glance(t);
    const region = regionOf[t];
    if (region === undefined) continue;
    const sums = regions.get(region) ?? { areaMm2: 0, mappedMm2: 0, belowMm2: config.thresholdsMv.map(() => 0) };
    regions.set(region, sums);
    sums.areaMm2 += area;
    const voltages = cornersAt(bipolarMv, triangles, t);
    if (voltages.some(Number.isNaN)) continue;
    const near = fillMm ? [{ corners: cornersAt(fillMm, triangles, t), below: config.fillThresholdMm }] : [];
    if (near.some(({ corners }) => corners.some((mm) => !Number.isFinite(mm)))) continue;
    sums.mappedMm2 += area * shareBelow(...near);
    for (const [n, below] of config.thresholdsMv.entries()) {
      sums.belowMm2[n]! += area * shareBelow(...near, { corners: voltages, below });
    }
  }
  return [...regions].map(([region, sums]) => ({ region, ...sums }));
}

/** Several regions as one. */
export function together(region: string, parts: readonly RegionVoltage[]): RegionVoltage {
  const total = (of: (part: RegionVoltage) => number) => parts.reduce((sum, part) => sum + of(part), 0);
  return {
    region,
    areaMm2: total(({ areaMm2 }) => areaMm2),
    mappedMm2: total(({ mappedMm2 }) => mappedMm2),
    belowMm2: (parts[0]?.belowMm2 ?? []).map((_, n) => total(({ belowMm2 }) => belowMm2[n]!)),
  };
}

function cornersAt(values: Float64Array, triangles: Uint32Array, t: number): [number, number, number] {
  return [values[triangles[3 * t]!]!, values[triangles[3 * t + 1]!]!, values[triangles[3 * t + 2]!]!];
}
