import { type CaseResult, runCase } from './run-case.ts';

/** Cases `from` to `to` (not included). */
export interface CaseBatch {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

export interface PlantCount {
  plants: number;
  /** In cases that were held, refused, or leaked. */
  held: number;
  refused: number;
  leaked: number;
}

export interface CaseTally {
  cases: number;
  clean: number;
  held: number;
  refused: number;
  leaked: number;
  archived: number;
  plants: number;
  found: number;
  numbersEqual: number;
  numbers: number;
  readonly byClass: Record<string, PlantCount>;
  readonly byField: Record<string, PlantCount>;
  readonly byEncoding: Record<string, PlantCount>;
  /** Why cases were held or refused, with the number of the first one. */
  readonly why: Record<string, { count: number; readonly first: number }>;
  /** The first leaks and crashes, with the number of the case. */
  readonly leaks: string[];
}

export function emptyTally(): CaseTally {
  const counts = {
    cases: 0,
    clean: 0,
    held: 0,
    refused: 0,
    leaked: 0,
    archived: 0,
    plants: 0,
    found: 0,
    numbersEqual: 0,
    numbers: 0,
  };
  return { ...counts, byClass: {}, byField: {}, byEncoding: {}, why: {}, leaks: [] };
}

const maxLeaks = 50;

function count(tally: CaseTally, index: number, result: CaseResult): void {
  tally.cases++;
  tally[result.outcome === 'leak' ? 'leaked' : result.outcome]++;
  if (result.archived) tally.archived++;
  tally.plants += result.plants.length;
  tally.found += result.foundInInput;
  tally.numbersEqual += result.numbers.equal;
  tally.numbers += result.numbers.all;
  if (result.why !== undefined) {
    const known = tally.why[result.why] ?? { count: 0, first: index };
    tally.why[result.why] = { ...known, count: known.count + 1 };
  }
  for (const { field, encoding, identifier } of result.plants) {
    for (const [table, key] of [
      [tally.byField, field],
      [tally.byEncoding, encoding],
      [tally.byClass, identifier.class],
    ] as const) {
      const known = table[key] ?? { plants: 0, held: 0, refused: 0, leaked: 0 };
      table[key] = known;
      known.plants++;
      if (result.outcome !== 'clean') known[result.outcome === 'leak' ? 'leaked' : result.outcome]++;
    }
  }
  const told = result.plants.map(
    ({ field, encoding, identifier }) => `${field} ${encoding} ${identifier.class} ${identifier.typed}`,
  );
  for (const leak of result.leaks)
    if (tally.leaks.length < maxLeaks) tally.leaks.push(`case ${index}: ${leak}; planted: ${told.join(' | ')}`);
}

export async function runCases({ seed, from, to }: CaseBatch): Promise<CaseTally> {
  const tally = emptyTally();
  for (let index = from; index < to; index++) {
    try {
      count(tally, index, await runCase(seed, index));
    } catch (error) {
      tally.cases++;
      tally.leaked++;
      tally.leaks.push(`case ${index} ended with ${(error as Error).stack?.split('\n').slice(0, 3).join(' ')}`);
    }
  }
  return tally;
}

if (process.send && process.argv[1] === import.meta.filename) {
  process.on('message', (batch: CaseBatch) => {
    void runCases(batch).then((tally) => process.send?.(tally));
  });
  process.on('disconnect', () => process.exit());
}
