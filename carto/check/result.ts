/** What is checked, and what a deviation means. Formulas and their sources: docs/study.md. */
export type CheckName =
  | 'lat'
  | 'unipolar'
  | 'bipolar'
  | 'car-voltage'
  | 'duration'
  | 'average-force'
  | 'force-time-integral'
  | 'ablation-index'
  | 'base-impedance'
  | 'max-power'
  | 'max-temperature'
  | 'volume'
  | 'area'
  | 'point-density'
  | 'boundary-edges'
  | 'crowded-edges'
  | 'turned-edges'
  | 'euler'
  | 'normals';

/** What a check is about: numbers in the order of the export, from 1. Never a name. */
export type Subject =
  | { readonly kind: 'map'; readonly map: number }
  | { readonly kind: 'point'; readonly map: number; readonly point: number }
  | { readonly kind: 'shell'; readonly shell: number }
  | { readonly kind: 'lesion'; readonly lesion: number };

/**
 * - `ok`: what was found is within the tolerance of what the export states.
 * - `differs`: it is not.
 * - `measured`: found, but the export states nothing to compare it with.
 * - `not-applicable`: could not be found; `reason` says why.
 */
export type Outcome = 'ok' | 'differs' | 'measured' | 'not-applicable';

export interface CheckResult {
  readonly check: CheckName;
  readonly subject: Subject;
  readonly outcome: Outcome;
  readonly unit: string;
  readonly found?: number;
  readonly expected?: number;
  /** Found minus expected; for the ablation index relative to the expected value, in percent. */
  readonly deviation?: number;
  readonly tolerance?: number;
  readonly reason?: string;
}

/** The place of a result: which check, of what, in which unit. */
export interface Place {
  readonly check: CheckName;
  readonly subject: Subject;
  readonly unit: string;
}

const missing = 'a value is missing';

/** Compares two values; `relative`: the tolerance and the deviation are in percent of what is expected. */
export function compared(
  place: Place,
  values: { readonly found: number; readonly expected: number; readonly tolerance: number; readonly relative?: true },
): CheckResult {
  const { found, expected, tolerance, relative } = values;
  if (!Number.isFinite(found) || !Number.isFinite(expected)) return notApplicable(place, missing);
  const difference = found - expected;
  const deviation = relative ? (100 * difference) / Math.abs(expected) : difference;
  const outcome = Math.abs(deviation) <= tolerance ? 'ok' : 'differs';
  return { ...place, outcome, found, expected, deviation, tolerance };
}

export function measured(place: Place, found: number): CheckResult {
  if (!Number.isFinite(found)) return notApplicable(place, missing);
  return { ...place, outcome: 'measured', found };
}

export function notApplicable(place: Place, reason: string): CheckResult {
  return { ...place, outcome: 'not-applicable', reason };
}
