import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type LimitReport, proveSwitchedOff, type SwitchedOff, showLimits } from './proofs.ts';
import { type CaseBatch, type CaseTally, emptyTally, type PlantCount } from './worker.ts';

export interface PrivacyReport extends CaseTally {
  readonly seed: number;
  readonly switchedOff: readonly SwitchedOff[];
  readonly limits: readonly LimitReport[];
  readonly wallMs: number;
}

export interface PrivacyOptions {
  /** After so long the campaign ends with what it has: the report says how many cases that were. */
  readonly withinMs?: number;
}

const batchCases = 100;
const limitCases = 25;

/**
 * Plants identifiers of all 18 classes wherever an export has room for them, pseudonymises, seals, opens again, and
 * searches all that came out. Nothing may be found; the search finds what went in.
 */
export async function privacyCampaign(
  seed: number,
  cases: number,
  { withinMs = Number.POSITIVE_INFINITY }: PrivacyOptions = {},
): Promise<PrivacyReport> {
  const begun = performance.now();
  const all = emptyTally();
  let next = 0;
  const take = (): CaseBatch | undefined => {
    if (next >= cases || performance.now() - begun > withinMs) return undefined;
    const from = next;
    next = Math.min(cases, from + batchCases);
    return { seed, from, to: next };
  };
  const processes = cases <= batchCases ? 1 : Math.min(2, availableParallelism());
  await Promise.all(Array.from({ length: processes }, () => work(take, all)));
  const switchedOff = await proveSwitchedOff(seed);
  const limits = await showLimits(seed, limitCases);
  return { ...all, seed, switchedOff, limits, wallMs: performance.now() - begun };
}

async function work(take: () => CaseBatch | undefined, all: CaseTally): Promise<void> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'worker.ts'), { execArgv: ['--max-semi-space-size=32'] });
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`a process of the campaign ended (${code})`)));
  });
  try {
    for (let batch = take(); batch; batch = take()) {
      const answer = new Promise<CaseTally>((resolve) => child.once('message', (tally) => resolve(tally as CaseTally)));
      child.send(batch);
      add(all, await Promise.race([answer, ended]));
    }
  } finally {
    ended.catch(() => undefined);
    child.kill();
  }
}

function add(all: CaseTally, more: CaseTally): void {
  for (const key of [
    'cases',
    'clean',
    'held',
    'refused',
    'leaked',
    'archived',
    'plants',
    'found',
    'numbersEqual',
    'numbers',
  ] as const) {
    all[key] += more[key];
  }
  for (const table of ['byClass', 'byField', 'byEncoding'] as const) {
    for (const [key, counts] of Object.entries(more[table])) all[table][key] = summed(all[table][key], counts);
  }
  for (const [why, { count, first }] of Object.entries(more.why)) {
    const known = all.why[why];
    all.why[why] = { count: (known?.count ?? 0) + count, first: Math.min(known?.first ?? first, first) };
  }
  all.leaks.push(...more.leaks);
}

function summed(one: PlantCount | undefined, other: PlantCount): PlantCount {
  const { plants = 0, held = 0, refused = 0, leaked = 0 } = one ?? {};
  return {
    plants: plants + other.plants,
    held: held + other.held,
    refused: refused + other.refused,
    leaked: leaked + other.leaked,
  };
}

/** What a campaign must have shown; the words of what it did not. */
export function complaintsOf(report: PrivacyReport): string[] {
  const complaints: string[] = [];
  if (report.leaked > 0) complaints.push(`${report.leaked} cases leak`);
  if (report.found < 0.95 * report.plants)
    complaints.push(`the search finds ${report.found} of ${report.plants} plants in what went in`);
  if (report.numbersEqual < 0.999 * report.numbers)
    complaints.push(`${report.numbersEqual} of ${report.numbers} numbers are as they were`);
  for (const { rule, held, found } of report.switchedOff)
    if (!held || !found) complaints.push(`the rule ${rule} switched off is not seen`);
  return complaints;
}
