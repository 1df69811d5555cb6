/** Decimals by the unit that a field's name ends with: what is written is no finer than what is known. */
const decimals: readonly (readonly [RegExp, number])[] = [
  [/Cm2$/, 2],
  [/Ml$/, 1],
  [/^(place|.*Mm)$/, 1],
  [/^percent$/, 1],
  [/^(confidence|meanConfidence|distance)$/, 2],
  [/Degrees$/, 1],
];
/** Of numbers in a spread: by the field that holds it. */
const spreads: Readonly<Record<string, number>> = {
  forceG: 1,
  ftiGs: 0,
  index: 0,
  durationS: 1,
  impedanceDropOhm: 1,
  interLesionMm: 1,
};

/** A copy of a document whose measured numbers are rounded by their names. Settings are told as they are. */
export function rounded<T>(value: T): T {
  return round(value, undefined) as T;
}

function round(value: unknown, places: number | undefined): unknown {
  if (typeof value === 'number') return places === undefined ? value : roundTo(value, places);
  if (Array.isArray(value)) return value.map((one) => round(one, places));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, round(one, placesOf(name, one) ?? places)]),
  );
}

function placesOf(name: string, value: unknown): number | undefined {
  if (typeof value === 'object' && value !== null && name in spreads) return spreads[name];
  if (name === 'n' || name === 'mv') return 3;
  return decimals.find(([pattern]) => pattern.test(name))?.[1];
}

/** Half away from zero; never minus zero. */
function roundTo(value: number, places: number): number {
  const factor = 10 ** places;
  return (Math.sign(value) * Math.round(Math.abs(value) * factor)) / factor + 0;
}
