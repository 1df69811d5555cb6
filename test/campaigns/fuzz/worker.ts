import { openSync, readFileSync, writeSync } from 'node:fs';
import type { Corpus } from './corpus.ts';
import { inputOf } from './input.ts';
import { type Target, targetsOf } from './targets.ts';
import { judge, type Verdict } from './verdict.ts';

/** Runs `from` to `to` (not included) of one target. */
export interface Batch {
  readonly target: number;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** What a batch gave. */
export interface Tally {
  readonly batch: Batch;
  readonly accepted: number;
  /** By the code of the error. */
  readonly refused: Readonly<Record<string, number>>;
  readonly withLine: number;
  /** Processor time of this thread, so that a busy machine does not count. */
  readonly worstMs: number;
  readonly worstIndex: number;
  readonly worstBytes: number;
  /** The most that this process ever held, after this batch. */
  readonly peakRssBytes: number;
  readonly failures: readonly { readonly index: number; readonly verdict: Extract<Verdict, { outcome: 'failed' }> }[];
}

const [, , corpusFile = '', progressFile = ''] = process.argv;
const targets = targetsOf(JSON.parse(readFileSync(corpusFile, 'utf8')) as Corpus);
const progress = openSync(progressFile, 'w');
const place = Buffer.alloc(8);

process.on('message', (batch: Batch) => {
  void runBatch(batch).then((tally) => process.send?.(tally));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function runBatch(batch: Batch): Promise<Tally> {
  const refused: Record<string, number> = {};
  const failures: { index: number; verdict: Extract<Verdict, { outcome: 'failed' }> }[] = [];
  let [accepted, withLine, worstMs, worstIndex, worstBytes] = [0, 0, 0, 0, 0];
  for (let index = batch.from; index < batch.to; index++) {
    // The driver reads here which run a process died or hangs in.
    place.writeDoubleLE(index);
    writeSync(progress, place, 0, 8, 0);
    const input = inputOf(targets, batch.target, batch.seed, index);
    const begun = process.threadCpuUsage();
    const verdict = await verdictOf(targets[batch.target] as Target, input);
    const used = process.threadCpuUsage(begun);
    const ms = (used.user + used.system) / 1000;
    if (ms > worstMs) [worstMs, worstIndex, worstBytes] = [ms, index, input.bytes.length];
    if (verdict.outcome === 'accepted') accepted++;
    else if (verdict.outcome === 'failed') failures.push({ index, verdict });
    else {
      refused[verdict.code] = (refused[verdict.code] ?? 0) + 1;
      if (verdict.hasLine) withLine++;
    }
  }
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  return { batch, accepted, refused, withLine, worstMs, worstIndex, worstBytes, peakRssBytes, failures };
}

async function verdictOf(target: Target, { bytes, seed }: ReturnType<typeof inputOf>): Promise<Verdict> {
  try {
    await target.run(bytes, seed);
    return { outcome: 'accepted' };
  } catch (error) {
    return judge(error);
  }
}
