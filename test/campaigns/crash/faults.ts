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
  /** The ledger's writer is no thread of its own: cheaper, and the same calls. */
  readonly isInline?: boolean;
}

export interface FaultOrder {
  readonly plans: readonly FaultPlan[];
  /** No plan is begun after this moment (`Date.now()`); absent: all are. */
  readonly untilMs?: number | undefined;
}

export interface FaultOutcome {
  readonly plan: FaultPlan;
  /** How many calls there were that could fail. */
  readonly calls: number;
  /** How many did. */
  readonly failed: number;
  readonly starts: number;
  readonly complaints: readonly string[];
}

export interface FaultReport {
  readonly seed: number;
  /** Calls that change the disk, of a start, a seal, a delivery and an end. */
  readonly calls: number;
  /** Of them, those that failed once at least. */
  readonly covered: number;
  readonly faults: number;
  /** Of so many that there are: every kind at every call, once and three times in a row. */
  readonly of: number;
  /** Faults after which the daemon had to be started again. */
  readonly restarts: number;
  readonly failures: readonly FaultOutcome[];
}

/** Of a sample, half is the same every time. */
const fixedSeed = 20_262;

/** In the first two plans of so many, one for each process, the ledger's writer is the thread that it is in the daemon. */
const threadedEvery = 8;

/**
 * A fault at every call, of every kind, once and three times in a row: first every call with a kind that is drawn, then
 * the rest, as far as `minutes` let; or a `sample` of them, an even number.
 */
export async function faultCampaign(
  seed: number,
  { sample, minutes }: { readonly sample?: number | undefined; readonly minutes?: number | undefined },
  say: (line: string) => void,
): Promise<FaultReport> {
  const folder = scratchFolder();
  try {
    const fixture = join(folder, 'fixture');
    await makeFixture(join(folder, 'made'));
    cpSync(foldersOf(join(folder, 'made')).folder, fixture, { recursive: true });
    const shim = buildShim(folder);
    const untilMs = minutes === undefined ? undefined : Date.now() + minutes * 60_000;
    const run = (part: number, plans: readonly FaultPlan[]) =>
      runPlans({ data: join(folder, `part-${part}`), fixture, shim, plans, untilMs, say });
    const [counted] = await run(0, [{ kind: 'EIO', at: 0, count: 0 }]);
    if (!counted || counted.complaints.length > 0) throw new Error(`it fails by itself: ${counted?.complaints}`);
    const { calls } = counted;
    const plans =
      sample === undefined
        ? inOrder(calls, seed)
        : [fixedSeed, seed].flatMap((one) => inOrder(calls, one).slice(0, sample / 2));
    say(`seed ${seed}: ${calls} calls, ${plans.length} faults`);
    const parts = [0, 1].map((part) => plans.filter((_, at) => at % 2 === part));
    const outcomes = (await Promise.all(parts.map((plans, part) => run(part, plans)))).flat();
    const hit = outcomes.filter(({ failed }) => failed > 0).map(({ plan }) => plan.at);
    return {
      ...{ seed, calls, covered: new Set(hit).size, faults: outcomes.length, of: plans.length },
      restarts: outcomes.filter(({ starts }) => starts > 1).length,
      failures: outcomes.filter(({ complaints }) => complaints.length > 0),
    };
  } finally {
    remove(folder);
  }
}

/** Every plan once: first one for each call, of a kind that any call can meet, in any order; then the others. */
function inOrder(calls: number, seed: number): readonly FaultPlan[] {
  const dice = new Dice(seed);
  const ofCall = (at: number) => {
    const own = [1, 3].flatMap((count) => faultKinds.map((kind) => ({ kind, at, count })));
    return shuffled(own, dice).toSorted((one, other) => Number(one.kind === 'short') - Number(other.kind === 'short'));
  };
  const plans = Array.from({ length: calls }, (_, before) => ofCall(before + 1));
  const rounds = [plans.map((own) => own.slice(0, 1)), plans.map((own) => own.slice(1))];
  const all = rounds.flatMap((round) => shuffled(round.flat(), dice));
  return all.map((plan, nth) => ({ ...plan, isInline: nth % threadedEvery >= 2 }));
}

function shuffled<T>(values: readonly T[], dice: Dice): T[] {
  const left = [...values];
  return values.flatMap(() => left.splice(dice.below(left.length), 1));
}

interface Run {
  readonly data: string;
  readonly fixture: string;
  readonly shim: string;
  readonly plans: readonly FaultPlan[];
  readonly untilMs: number | undefined;
  readonly say: (line: string) => void;
}

/** Runs plans in one process. One that ends before its time is a complaint about the plan that it was at. */
async function runPlans({ data, fixture, shim, plans, untilMs, say }: Run): Promise<FaultOutcome[]> {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(join(data, 'inbox'), { recursive: true });
  const script = fileURLToPath(new URL('./faults-process.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [script, data, fixture, JSON.stringify({ plans, untilMs } satisfies FaultOrder)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: shimmed(data, shim),
    },
  );
  const outcomes: FaultOutcome[] = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    const outcome = JSON.parse(line) as FaultOutcome;
    outcomes.push(outcome);
    if (outcome.complaints.length > 0) say(lineOf(outcome));
  });
  child.stderr.on('data', (piece) => {
    errors = (errors + String(piece)).slice(-2000);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  const at = plans[outcomes.length];
  if (at && code !== 0)
    outcomes.push({ plan: at, calls: 0, failed: 0, starts: 0, complaints: [`the process died: ${errors}`] });
  return outcomes;
}

/** The report as lines for people. */
export function showFaultReport({ seed, calls, covered, faults, of, restarts, failures }: FaultReport): string {
  const lines = failures.map(lineOf);
  const head = `faults (seed ${seed}): ${faults} of ${of} in a start, a seal, a delivery and an end; ${covered} of their ${calls} calls failed`;
  return [head, `  ${restarts} made a restart necessary, ${failures.length} did harm`, ...lines.slice(0, 20)].join(
    '\n',
  );
}

function lineOf({ plan: { kind, at, count }, complaints }: FaultOutcome): string {
  return `  ${kind} at call ${at}, ${count} in a row: ${complaints.join('; ')}`;
}
