import { decodeText } from '../decode.ts';
import { CartoError } from '../error.ts';
import { EcgGrammar } from '../grammar/ecg.ts';
import { Line } from '../grammar/line.ts';
import type { Pen } from './pen.ts';

/**
 * Remembers what staff typed at the head of a file, before any file is written: a mesh's own name, and the labels of an
 * ECG's channels.
 */
export function rememberNames(head: Buffer, pen: Pen): void {
  if (pen.kind === 'mesh') {
    const name = /^MeshName[ \t]*=(.*)$/m.exec(decodeText(head))?.[1];
    if (name !== undefined) pen.as('mesh').write('MeshName', name);
  }
  if (pen.kind === 'ecg') for (const name of channelNames(head)) pen.as('ecg').write('channel', name);
}

/** None for a head that breaks the grammar: whoever writes the file says so. */
function channelNames(head: Buffer): string[] {
  const grammar = new EcgGrammar();
  const line = new Line();
  try {
    for (line.begin(head); line.advance() && grammar.channels.length === 0; ) grammar.line(line);
  } catch (error) {
    if (error instanceof CartoError) return [];
    throw error;
  }
  const { unipolar, bipolar, reference } = grammar.mapping ?? {};
  const mapped = [unipolar, bipolar, reference].filter((name) => name !== undefined);
  return [...mapped, ...grammar.channels.map(({ name }) => name)];
}
