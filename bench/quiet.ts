import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../agent/control/index.ts';
import type { ProcedureStarted } from '../protocol/control.ts';
import { freshSeed, seededRandom } from '../test/harness/random.ts';
import { Site } from '../test/harness/site.ts';
import { until } from '../test/harness/until.ts';
import { type Figure, figureOf } from './figure.ts';
import { linkedCopy } from './linked-copy.ts';

const starts = Number(process.env.VESTIBULE_BENCH_STARTS ?? 1_000);
const holder = 'bench';
/** A start comes so long after the gate opened, at most: most steps of a case are shorter. */
const longestMs = 700;

/**
 * From the wish to be alone to quiet: `procedure start` over the control socket, 1,000 times at random moments while
 * the appliance works through an inbox that never empties, so that every step is met. Median, 99th percentile and
 * longest: of all, and for each kind of work that stood still last.
 */
export async function quiet(): Promise<Figure[]> {
  const site = await Site.create({ analysis: true, coolDownSeconds: 0.2, quietSeconds: 0.5, rescanSeconds: 1 });
  try {
    const studies = await makeStudies(site);
    await site.start();
    const socket = join(site.data, 'appliance', 'control.sock');
    const feed = feeder(site, studies);
    const seed = freshSeed();
    const random = seededRandom(seed);
    const all: Seen[] = [];
    for (let at = 0; at < starts; at++) {
      feed();
      await until(async () => (await statusOf(socket)).gate === 'open', 'an open gate', 30_000, 5);
      await sleep(random() * longestMs);
      all.push(await begin(socket));
      await ask(socket, { verb: 'procedure-stop', holder });
    }
    return figuresOf(all, seed);
  } finally {
    await site.close();
  }
}

interface Seen {
  /** What stood still last. */
  readonly step: string;
  /** From the question to the answer. */
  readonly answerMs: number;
  /** From the question to the end of all work, by the daemon's word. */
  readonly ms: number;
  /** What the answer named as still running. */
  readonly waiting: readonly string[];
}

async function begin(socket: string): Promise<Seen> {
  const start = async () =>
    (await ask(socket, { verb: 'procedure-start', reason: 'bench', holder })) as ProcedureStarted;
  const startedMs = performance.now();
  const { waiting, stopped = [], quietMs, last = '' } = await start();
  const answerMs = performance.now() - startedMs;
  if (waiting.length > 0) while (!(await start()).quiet);
  const ms = quietMs ?? performance.now() - startedMs;
  return {
    step: last || waiting[0] || (stopped.length > 0 ? 'what parked at once' : 'nothing'),
    answerMs,
    ms,
    waiting,
  };
}

async function statusOf(socket: string): Promise<{ readonly gate: 'open' | 'closed' }> {
  return (await ask(socket, { verb: 'procedure-status' })) as { readonly gate: 'open' | 'closed' };
}

/** Studies of several sizes; later copies of one are re-exports, which are read and pseudonymised as whole. */
async function makeStudies(site: Site): Promise<readonly string[]> {
  const made = join(site.data, 'made');
  mkdirSync(made);
  const studies: string[] = [];
  for (const [seed, points] of [2, 12, 24, 6, 40].entries()) studies.push(await site.simulate(80 + seed, points, made));
  return studies;
}

/** Keeps two cases waiting, whenever it is called. */
function feeder(site: Site, studies: readonly string[]): () => void {
  let fed = 0;
  return () => {
    const sealed = site.appliance.lines.filter(({ event }) => event === 'case-sealed').length;
    for (; fed < sealed + 2; fed++) linkedCopy(studies[fed % studies.length]!, join(site.inbox, `export-${fed}`));
  };
}

function figuresOf(all: readonly Seen[], seed: number): Figure[] {
  const steps = [...new Set(all.map(({ step }) => step))].toSorted();
  const late = all.filter(({ waiting }) => waiting.length > 0);
  const named = [...new Set(late.flatMap(({ waiting }) => waiting))].toSorted().join(', ') || 'nothing';
  const notes = `seed ${seed}; not quiet at the answer in ${late.length}, which named ${named}`;
  return [
    ...spread('quiet after procedure start', all, (one) => one.ms, notes),
    ...spread('answer of procedure start', all, (one) => one.answerMs),
    ...steps.flatMap((step) => {
      const of = all.filter((one) => one.step === step);
      return spread(`quiet, ${step} last`, of, (one) => one.ms, `${of.length} starts`);
    }),
  ];
}

function spread(name: string, seen: readonly Seen[], value: (one: Seen) => number, notes = ''): Figure[] {
  const sorted = seen.map(value).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return [
    figureOf(`${name}, p50`, 'ms', [at(0.5)], { notes }),
    figureOf(`${name}, p99`, 'ms', [at(0.99)]),
    figureOf(`${name}, max`, 'ms', [at(1)]),
  ];
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
