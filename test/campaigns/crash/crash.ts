import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadRecording, record, remove, scratchFolder } from './record.ts';
import type { Failure, StatesOrder, StatesReport } from './states.ts';

const run = promisify(execFile);

export interface CrashReport extends StatesReport {
  readonly seed: number;
  readonly changes: number;
  /** Where the recording lies when something was found. */
  readonly kept?: string;
}

export interface CrashOrder {
  readonly seed: number;
  readonly states: number;
  readonly realEvery?: number;
  readonly maxFailures?: number;
}

/** Records a day and checks so many states of its disk, on two cores. */
export async function crashCampaign(order: CrashOrder, say: (line: string) => void): Promise<CrashReport> {
  const folder = scratchFolder();
  await record(folder, { plan: 'whole' });
  const report = await checkRecording(folder, order, say);
  if (report.kept === undefined) remove(folder);
  return report;
}

/** Checks states of a recording: of the same one, seed and number give the same states. */
export async function checkRecording(
  folder: string,
  order: CrashOrder,
  say: (line: string) => void = () => {},
): Promise<CrashReport> {
  const changes = loadRecording(folder).changes.length;
  say(`seed ${order.seed}: ${changes} changes recorded`);
  const report = await checkFolder(folder, order);
  return { ...report, seed: order.seed, changes, ...(report.failures.length > 0 ? { kept: folder } : {}) };
}

/** What the harness says of a mutant: a short day, its states, until something is found. */
export async function crashMutant(mutant: string, seed: number, states: number): Promise<StatesReport> {
  const folder = scratchFolder();
  try {
    await record(folder, { plan: 'short', mutant });
    return await checkFolder(folder, { seed, states, realEvery: 0, maxFailures: 1 });
  } finally {
    remove(folder);
  }
}

async function checkFolder(folder: string, order: CrashOrder): Promise<StatesReport> {
  const { seed, states, realEvery = 500, maxFailures = 20 } = order;
  const of = Math.min(2, availableParallelism());
  const reports = await Promise.all(
    Array.from({ length: of }, async (_, part) => {
      const scratch = join(folder, `part-${part}`);
      mkdirSync(scratch, { recursive: true });
      return checkPart(folder, { seed, states, part, of, scratch, realEvery, maxFailures });
    }),
  );
  const sum = (of: (report: StatesReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  return {
    states: sum((report) => report.states),
    distinct: sum((report) => report.distinct),
    realStarts: sum((report) => report.realStarts),
    cuts: {
      all: sum(({ cuts }) => cuts.all),
      none: sum(({ cuts }) => cuts.none),
      ordered: sum(({ cuts }) => cuts.ordered),
      worst: sum(({ cuts }) => cuts.worst),
    },
    failures: reports.flatMap((report): readonly Failure[] => report.failures),
  };
}

async function checkPart(folder: string, order: StatesOrder): Promise<StatesReport> {
  const script = fileURLToPath(new URL('./states-process.ts', import.meta.url));
  const { stdout } = await run(process.execPath, [script, folder, JSON.stringify(order)], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as StatesReport;
}

/** The report as lines for people. */
export function showCrashReport(report: CrashReport): string {
  const { seed, changes, states, distinct, realStarts, cuts, failures, kept } = report;
  const lines = [
    `power cuts (seed ${seed}): ${states} states after ${changes} changes, ${distinct} of them differ; the real program was started on ${realStarts}`,
    `  left of what was not synced: all ${cuts.all}, nothing ${cuts.none}, in order ${cuts.ordered}, any ${cuts.worst}`,
    `  ${failures.length} states with something wrong`,
    ...failures
      .slice(0, 10)
      .map(
        ({ state, prefix, cut, complaints }) =>
          `  state ${state}, after change ${prefix}, ${cut}: ${complaints.join('; ')}`,
      ),
  ];
  return [...lines, ...(kept ? [`  again: scripts/campaign crash --replay ${kept} ${seed} ${states}`] : [])].join('\n');
}
