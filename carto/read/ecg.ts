import type { Checkpoint } from '../../core/gate-flag.ts';
import { EcgGrammar, ecgKind } from '../grammar/ecg.ts';
import { blocksOf, Line } from '../grammar/line.ts';
import { parseNumber } from '../grammar/number.ts';
import { expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';
import type { Ecg } from '../study.ts';
import { EcgCounts } from './ecg-counts.ts';

/** mV per count where the header does not say. */
const usualGain = 0.003;

/** Some 2 MB are usual, some ten with many electrodes; what is read from one file stays below twice its size. */
const maxBytes = 64 * 2 ** 20;

/**
 * Reads an ECG export of version 3.0 to 4.1: the header by its grammar, the rows straight from the bytes. The sample
 * rate is nowhere in the file: it is 1 kHz. Throws UNREADABLE, or TOO_LARGE above 64 MiB.
 */
export async function readEcg(file: SourceFile, checkpoint: Checkpoint): Promise<Ecg> {
  expectAtMost(file, maxBytes, ecgKind);
  const grammar = new EcgGrammar();
  const line = new Line();
  let counts: EcgCounts | undefined;
  for await (const block of blocksOf(file, checkpoint, ecgKind)) {
    line.begin(block);
    while (!counts && line.advance()) {
      if (grammar.line(line) === 'channels') counts = new EcgCounts(grammar.channels.length, line.number);
    }
    counts?.feed(block, line.next);
  }
  if (!counts) grammar.end(line.number);
  const { samples = 0, channels = [] } = counts?.end() ?? {};
  return {
    version: grammar.version,
    mvPerCount: parseNumber(grammar.gain) ?? usualGain,
    sampleRateHz: 1000,
    samples,
    ...(grammar.mapping ? { mapping: grammar.mapping } : {}),
    channels: grammar.channels.map(({ name, number }, at) => ({ name, number, counts: channels[at] as Int32Array })),
  };
}
