import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { foldersOf } from '../../../agent/folders.ts';
import { Dice } from '../../harness/random.ts';
import { buildShim, makeFixture, remove, scratchFolder, shimmed } from './record.ts';

/** What a call can answer instead of doing its work; `short`: a write of half the bytes. */
export const faultKinds = ['EIO', 'ENOSPC', 'EINTR', 'short'] as const;

export interface FaultPlan {
  readonly kind: (typeof faultKinds)[number];
  /** The first call that fails, from 1; 0: none does, and the calls are counted. */
  readonly at: number;
  /** So many calls in a row. */
  readonly count: number;
}

export interface FaultOrder {
  readonly plans: readonly FaultPlan[];
}

export interface FaultOutcome {
  readonly plan: FaultPlan;
  /** How many calls there were that could fail. */
  readonly calls: number;
  readonly starts: number;
  readonly complaints: readonly string[];
}

export interface FaultReport {
  readonly seed: number;
  /** Calls that change the disk, of a start, a seal, a delivery and an end. */
  readonly calls: number;
  readonly faults: number;
  /** Faults after which the daemon had to be started again. */
  readonly restarts: number;
  readonly failures: readonly FaultOutcome[];
}

/** Of a sample, half is the same every time. */
const fixedSeed = 20_262;

/** A fault at every call, of every kind, once and three times in a row; or an even number of them, drawn. */
export async function faultCampaign(
  seed: number,
  sample: number | undefined,
  say: (line: string) => void,
): Promise<FaultReport> {
  const folder = scratchFolder();
  try {
    const fixture = join(folder, 'fixture');
    await makeFixture(join(folder, 'made'));
    cpSync(foldersOf(join(folder, 'made')).folder, fixture, { recursive: true });
    const shim = buildShim(folder);
    const run = (part: number, plans: readonly FaultPlan[]) =>
      runPlans({ data: join(folder, `part-${part}`), fixture, shim, plans });
    const [counted] = await run(0, [{ kind: 'EIO', at: 0, count: 0 }]);
    if (!counted || counted.complaints.length > 0) throw new Error(`it fails by itself: ${counted?.complaints}`);
    const { calls } = counted;
    const all = allPlans(calls);
    const plans = sample === undefined ? all : [...draw(all, sample / 2, fixedSeed), ...draw(all, sample / 2, seed)];
    say(`seed ${seed}: ${calls} calls, ${plans.length} faults`);
    const parts = [0, 1].map((part) => plans.filter((_, at) => at % 2 === part));
    const outcomes = (await Promise.all(parts.map((plans, part) => run(part, plans)))).flat();
    return {
      ...{ seed, calls, faults: outcomes.length },
      restarts: outcomes.filter(({ starts }) => starts > 1).length,
      failures: outcomes.filter(({ complaints }) => complaints.length > 0),
    };
  } finally {
    remove(folder);
  }
}

function allPlans(calls: number): FaultPlan[] {
  const every = Array.from({ length: calls }, (_, at) => at + 1);
  return [1, 3].flatMap((count) => faultKinds.flatMap((kind) => every.map((at) => ({ kind, at, count }))));
}

function draw(plans: FaultPlan[], sample: number, seed: number): readonly FaultPlan[] {
  const dice = new Dice(seed);
  return Array.from({ length: sample }, () => plans.splice(dice.below(plans.length), 1)).flat();
}

interface Run {
  readonly data: string;
  readonly fixture: string;
  readonly shim: string;
  readonly plans: readonly FaultPlan[];
}

/** Runs plans in one process. One that ends before its time is a complaint about the plan that it was at. */
async function runPlans({ data, fixture, shim, plans }: Run): Promise<FaultOutcome[]> {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(join(data, 'inbox'), { recursive: true });
  const script = fileURLToPath(new URL('./faults-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, data, fixture, JSON.stringify({ plans } satisfies FaultOrder)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: shimmed(data, shim),
  });
  const outcomes: FaultOutcome[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => outcomes.push(JSON.parse(line) as FaultOutcome));
  child.stderr.on('data', (piece) => {
    errors = (errors + String(piece)).slice(-2000);
  });
  await new Promise((resolve) => child.once('close', resolve));
  const at = plans[outcomes.length];
  if (at) outcomes.push({ plan: at, calls: 0, starts: 0, complaints: [`the process died: ${errors}`] });
  return outcomes;
}

/** The report as lines for people. */
export function showFaultReport({ seed, calls, faults, restarts, failures }: FaultReport): string {
  const lines = failures.map(
    ({ plan: { kind, at, count }, complaints }) =>
      `  ${kind} at call ${at}, ${count} in a row: ${complaints.join('; ')}`,
  );
  const head = `faults (seed ${seed}): ${faults} in ${calls} calls of a start, a seal, a delivery and an end`;
  return [head, `  ${restarts} made a restart necessary, ${failures.length} did harm`, ...lines.slice(0, 20)].join(
    '\n',
  );
}
