import type { Checkpoint } from '../../core/gate-flag.ts';
import type { SourceFile } from '../source.ts';
import type { CorrelationValues, PaceCorrelation } from '../study.ts';
import { defined, numbersIn, present } from './fields.ts';
import { linesOf } from './paso-text.ts';

type Growing<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads `ISISCorrelations.txt` or `PMISCorrelations.txt`: `1 Correlated to 2`, then averages, the values of the
 * channels and a window, by the staff's choice (`User Defined …`) and by the system's (`System …`). Lines of another
 * form are passed over.
 */
export async function readPaceCorrelations(
  file: SourceFile,
  of: PaceCorrelation['of'],
  checkpoint: Checkpoint,
): Promise<PaceCorrelation[]> {
  const found: Growing<PaceCorrelation>[] = [];
  for (const line of await linesOf(file, checkpoint, 'paso-correlations')) {
    const [, id, other] = /(?:^|\s)(\d{1,6})\sCorrelated to\s(\d{1,6})\b/.exec(line) ?? [];
    if (id !== undefined) found.push({ of, id: Number(id), correlatedTo: Number(other) });
    const last = found.at(-1);
    if (last) addTo(last, line);
  }
  return found;
}

const words = [
  ['user', 'User Defined '],
  ['system', 'System '],
] as const;

function addTo(correlation: Growing<PaceCorrelation>, line: string): void {
  for (const [whose, word] of words) {
    const at = line.indexOf(word);
    if (at < 0) continue;
    const [, what, text = ''] = /^(Average|Channels|WOI):(.*)$/.exec(line.slice(at + word.length)) ?? [];
    const values = numbersIn(text);
    if (!what || !values) continue;
    correlation[whose] = { channels: [], ...correlation[whose], ...valuesOf(what, values) };
    return;
  }
}

function valuesOf(what: string, [first, second, ...more]: readonly number[]): Partial<CorrelationValues> {
  const all = [first, second, ...more].filter((value) => value !== undefined);
  if (what === 'Channels') return { channels: all.map((value) => present(value) ?? Number.NaN) };
  if (what === 'Average') return defined({ average: present(first) });
  return first === undefined || second === undefined ? {} : { window: { fromMs: first, toMs: second } };
}
