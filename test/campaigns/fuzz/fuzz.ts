import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Corpus, gatherCorpus } from './corpus.ts';
import { Crew, type Failure } from './crew.ts';
import { inputOf } from './input.ts';
import { saveReplay } from './replay.ts';
import { type Target, targetsOf } from './targets.ts';
import type { Batch, Tally } from './worker.ts';

export interface FuzzReport {
  readonly seed: number;
  readonly runs: number;
  readonly corpus: readonly string[];
  readonly targets: readonly TargetReport[];
  /** The most that any process held. */
  readonly peakRssBytes: number;
  readonly wallMs: number;
  readonly failed: number;
  /** The first of each sort. */
  readonly failures: readonly (Failure & { readonly name: string; readonly replay: string })[];
}

export interface TargetReport {
  readonly name: string;
  readonly runs: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Refusals that name a line. */
  readonly withLine: number;
  /** Processor time of the slowest run, and how large its input was. */
  readonly worstMs: number;
  readonly worstBytes: number;
}

/** No process that begins with a batch may hold more after it. */
export const maxRssBytes = 300 * 2 ** 20;

/** How often a target runs beside the others, by the first word of its name: a whole
 * study takes as long as many files, and 7-Zip is read by a process of its own. */
const shares: Readonly<Record<string, number>> = {
  read: 25,
  write: 9,
  study: 0.5,
  names: 25,
  container: 10,
  'container 7z': 0.3,
};
const batchRuns = 250;
/** Of failures that are alike so many are saved and listed; all are counted. */
const savedAlike = 2;
const defaultHangMs = 20_000;

export interface FuzzOptions {
  /** What the runs start from; gathered unless given. */
  readonly corpus?: Corpus;
  /** A run that has used so much of a processor hangs. */
  readonly hangMs?: number;
  /** After so long the campaign ends with what it has: the report says how many runs that were. */
  readonly withinMs?: number;
}

/**
 * Runs every parser and writer on damaged and made-up files, in processes of their own. Nothing may crash, hang, hold more
 * than 300 MB, let a planted identifier out, or take another file down; a refusal has code, kind and line. Inputs that
 * failed are saved for `--replay`.
 */
export async function fuzzCampaign(
  seed: number,
  runs: number,
  say: (line: string) => void,
  { corpus: given, hangMs = defaultHangMs, withinMs = Number.POSITIVE_INFINITY }: FuzzOptions = {},
): Promise<FuzzReport> {
  const begun = performance.now();
  const corpus = given ?? (await gatherCorpus(say));
  const targets = targetsOf(corpus);
  const sums = new Map<number, TargetReport>();
  const failures: FuzzReport['failures'][number][] = [];
  let peakRssBytes = 0;
  const alike = new Map<string, number>();
  const fail = (failure: Failure) => {
    const name = targets[failure.target]?.name ?? '';
    const message = failure.message.split('\n', 1)[0] ?? '';
    const key = `${name} ${failure.failure} ${message.replaceAll(/\d+/g, '#')}`;
    alike.set(key, (alike.get(key) ?? 0) + 1);
    if ((alike.get(key) ?? 0) > savedAlike) return;
    const replay = saveReplay(targets, failure, inputOf(targets, failure.target, failure.seed, failure.index));
    failures.push({ ...failure, name, replay });
    say(`${failure.failure}: ${name}, run ${failure.index}: ${message}\n  ${replay}`);
  };
  await inFolder(corpus, async (folder, corpusFile) => {
    const onTally = (tally: Tally) => {
      const { target, seed: ofSeed } = tally.batch;
      sums.set(target, added(sums.get(target), targets[target] as Target, tally));
      if (peakRssBytes <= maxRssBytes && tally.peakRssBytes > maxRssBytes) {
        fail({
          target,
          seed: ofSeed,
          index: tally.worstIndex,
          failure: 'memory',
          message: `${tally.peakRssBytes} bytes`,
        });
      }
      peakRssBytes = Math.max(peakRssBytes, tally.peakRssBytes);
      for (const { index, verdict } of tally.failures) fail({ ...verdict, target, seed: ofSeed, index });
    };
    const processes = Math.max(1, Math.min(2, availableParallelism()));
    await new Crew(
      { folder, corpusFile, processes, hangMs, withinMs, maxRssBytes, onTally, onFailure: fail },
      batchesOf(targets, seed, runs),
    ).run();
  });
  const reports = [...sums].sort(([a], [b]) => a - b).map(([, report]) => report);
  return {
    seed,
    runs: sum(reports.map((one) => one.runs)),
    corpus: corpus.from,
    targets: reports,
    peakRssBytes,
    wallMs: performance.now() - begun,
    failed: sum([...alike.values()]),
    failures,
  };
}

/** All runs in batches: every target in proportion to its share, and at any time about as far as the others. */
function batchesOf(targets: readonly Target[], seed: number, runs: number): Batch[] {
  const shareOf = ({ name }: Target) => shares[name] ?? shares[name.split(' ', 1)[0] ?? ''] ?? 1;
  const all = sum(targets.map(shareOf));
  const batches = targets.flatMap((target, at) => {
    // A batch of what is slow is small, so that no process is busy with one for long.
    const size = shareOf(target) < 1 ? batchRuns / 10 : batchRuns;
    const count = Math.ceil((runs * shareOf(target)) / all);
    return Array.from({ length: Math.ceil(count / size) }, (_, n) => ({
      batch: { target: at, seed, from: n * size, to: Math.min(count, (n + 1) * size) },
      part: (n * size) / count,
    }));
  });
  return batches.sort((a, b) => a.part - b.part).map(({ batch }) => batch);
}

function added(before: TargetReport | undefined, { name }: Target, tally: Tally): TargetReport {
  const isWorse = tally.worstMs > (before?.worstMs ?? -1);
  const refused = { ...before?.refused };
  for (const [code, count] of Object.entries(tally.refused)) refused[code] = (refused[code] ?? 0) + count;
  return {
    name,
    runs: (before?.runs ?? 0) + tally.batch.to - tally.batch.from,
    accepted: (before?.accepted ?? 0) + tally.accepted,
    refused,
    withLine: (before?.withLine ?? 0) + tally.withLine,
    worstMs: isWorse ? tally.worstMs : (before?.worstMs ?? 0),
    worstBytes: isWorse ? tally.worstBytes : (before?.worstBytes ?? 0),
  };
}

async function inFolder(corpus: Corpus, work: (folder: string, corpusFile: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-fuzz-'));
  try {
    const corpusFile = join(folder, 'corpus.json');
    writeFileSync(corpusFile, JSON.stringify(corpus));
    await work(folder, corpusFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
