/** The coefficients of the ablation index, as the export's formula file states them. */
export const tagIndexFormula = {
  guid: '5D1A7C90-4E2B-4B6F-9A33-0C8E51F7D264',
  overallCoefficient: 975,
  forceExponent: 0.68,
  powerExponent: 1.63,
  overallExponent: 0.35,
  /** g; a weaker force counts as this much. */
  clampLowForceTo: 5,
} as const;

/** What one piece of time adds to the integral. A negative reading means the tip presses the other way: its size counts. */
export function indexDose(forceG: number, powerW: number, seconds: number): number {
  const force = Math.max(Math.abs(forceG), tagIndexFormula.clampLowForceTo);
  return force ** tagIndexFormula.forceExponent * powerW ** tagIndexFormula.powerExponent * seconds;
}

/** The ablation index of a summed dose. */
export function indexOf(dose: number): number {
  return (tagIndexFormula.overallCoefficient * dose) ** tagIndexFormula.overallExponent;
}
