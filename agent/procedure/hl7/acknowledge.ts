import type { Hl7Message } from './message.ts';

export type Verdict = 'accept' | 'error' | 'reject';

/** HL7 table 0008: original mode, and the commit codes of enhanced mode (MSH-15 is filled). */
const codes = {
  accept: ['AA', 'CA'],
  error: ['AE', 'CE'],
  reject: ['AR', 'CR'],
} as const satisfies Readonly<Record<Verdict, readonly [string, string]>>;

const longestEcho = 200;

/**
 * The answer to a message: MSH with the two ends exchanged and an own control id, MSA with the code and the sender's id.
 * `message` is the plain reading, so that the sender's own bytes come back. What could not be read is rejected with an
 * empty id. Undefined when the sender wants none (MSH-15 NE, ER, SU).
 */
export function acknowledge(
  message: Hl7Message | undefined,
  verdict: Verdict,
  own: { readonly id: string; readonly now: Date },
): Buffer | undefined {
  const wish = message?.value('MSH', 15).toUpperCase() ?? '';
  if (wish === 'NE' || (wish === 'ER' && verdict === 'accept') || (wish === 'SU' && verdict !== 'accept')) {
    return undefined;
  }
  const field = message?.separators.field ?? '|';
  const component = message?.separators.component ?? '^';
  const echo = (number: number) => clean(message?.raw('MSH', number) ?? '');
  const event = clean(message?.value('MSH', 9, 2) ?? '');
  const header = [
    ...['MSH', echo(2) || '^~\\&', echo(5), echo(6), echo(3), echo(4), stamp(own.now), ''],
    ...[event === '' ? 'ACK' : ['ACK', event, 'ACK'].join(component), own.id, echo(11) || 'P', echo(12) || '2.3.1'],
  ];
  const answer = ['MSA', codes[verdict][wish === '' ? 0 : 1], echo(10)];
  return Buffer.from(`${header.join(field)}\r${answer.join(field)}\r`, 'latin1');
}

/** What goes back is what came, but nothing that could break the frame or the segments. */
function clean(text: string): string {
  return [...text.slice(0, longestEcho)].filter((letter) => letter >= ' ').join('');
}

function stamp(now: Date): string {
  return `${now.toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`;
}
