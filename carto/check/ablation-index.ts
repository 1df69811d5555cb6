import type { IndexFormula, VisiTag } from '../study.ts';

/** The coefficients that the formula needs, as `fpti-formulas.xml` names them. */
export interface IndexCoefficients {
  readonly overallCoefficient: number;
  readonly forceExponent: number;
  readonly powerExponent: number;
  readonly overallExponent: number;
  /** g; a weaker force counts as this much. */
  readonly clampLowForceValueTo: number;
}

const names = [
  'overallCoefficient',
  'forceExponent',
  'powerExponent',
  'overallExponent',
  'clampLowForceValueTo',
] as const satisfies readonly (keyof IndexCoefficients)[];

/** The formula that the settings name as active (`FPTIFormulaGUID`), of those that the export brings. */
export function activeFormula({
  settings,
  formulas,
}: Pick<VisiTag, 'settings' | 'formulas'>): IndexFormula | undefined {
  const guids = settings.flatMap((block) => block.get('FPTIFormulaGUID') ?? []);
  return formulas.find(({ guid }) => guids.some((one) => one.toLowerCase() === guid.toLowerCase()));
}

/** Undefined when a coefficient is missing, or the formula computes nothing (the one called *None*). */
export function coefficientsOf({ coefficients }: IndexFormula): IndexCoefficients | undefined {
  const found = names.map((name) => [name, coefficients.get(name)] as const);
  if (found.some(([, value]) => value === undefined)) return undefined;
  const all = Object.fromEntries(found) as unknown as IndexCoefficients;
  return all.overallCoefficient > 0 && all.overallExponent > 0 ? all : undefined;
}

/** Values with their times, ms, in order. */
export interface Samples {
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

/** Force is sampled so often; the first sample of a window stands for this long. */
export const forceStepMs = 50;

/**
 * The ablation index, (c · ∫ max(|F|, f)^a · P^b dt)^d with F in g, P in W, t in s: force at its 50 ms, the last power
 * sample held. Every force sample stands for the time since the one before it. `power` may begin before the force does.
 */
export function ablationIndex(force: Samples, power: Samples, by: IndexCoefficients): number {
  let dose = 0;
  let at = 0;
  let held = 0;
  for (let sample = 0; sample < force.timesMs.length; sample++) {
    const timeMs = force.timesMs[sample] as number;
    while (at < power.timesMs.length && (power.timesMs[at] as number) <= timeMs) held = power.values[at++] as number;
    const stepMs = sample === 0 ? forceStepMs : timeMs - (force.timesMs[sample - 1] as number);
    const grams = Math.max(Math.abs(force.values[sample] as number), by.clampLowForceValueTo);
    dose += (grams ** by.forceExponent * held ** by.powerExponent * stepMs) / 1000;
  }
  return (by.overallCoefficient * dose) ** by.overallExponent;
}
