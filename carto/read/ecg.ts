import type { Checkpoint } from '../../core/gate-flag.ts';
import { EcgGrammar, ecgKind } from '../grammar/ecg.ts';
import { eachLine } from '../grammar/line.ts';
import { parseNumber } from '../grammar/number.ts';
import type { SourceFile } from '../source.ts';
import type { Ecg } from '../study.ts';

/** mV per count where the header does not say. */
const usualGain = 0.003;

/** Reads an ECG export of version 3.0 to 4.1. The sample rate is nowhere in the file: it is 1 kHz. */
export async function readEcg(file: SourceFile, checkpoint: Checkpoint): Promise<Ecg> {
  const grammar = new EcgGrammar();
  const counts: number[] = [];
  const lines = await eachLine(file, checkpoint, ecgKind, (line) => {
    if (grammar.line(line) !== 'row') return;
    for (let at = 0; at < grammar.row.count; at++) counts.push(grammar.row.number(at) as number);
  });
  grammar.end(lines);
  const width = grammar.channels.length;
  return {
    version: grammar.version,
    mvPerCount: parseNumber(grammar.gain) ?? usualGain,
    sampleRateHz: 1000,
    samples: grammar.rows,
    channels: grammar.channels.map(({ name, number }, at) => ({
      name,
      number,
      counts: Int32Array.from({ length: grammar.rows }, (_, row) => counts[row * width + at] as number),
    })),
  };
}
