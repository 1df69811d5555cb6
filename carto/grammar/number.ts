/**
 * The one grammar of numbers: sign, digits, one decimal point (or comma, where the workstation's locale has one),
 * exponent. At most 32 characters. Besides it the few words that stand for *no number* in the vendor's run-time.
 */

/**
 * What is printed instead of a number: the C run-time's NaN and infinity, and the tables' own words. To the letter:
 * `Nan` and `Na` are names of people.
 */
export const missingWords: ReadonlySet<string> = new Set([
  ...[
    'nan',
    '-nan',
    'nan(ind)',
    '-nan(ind)',
    'inf',
    '-inf',
    'NaN',
    'NAN',
    '-NAN',
    'NAN(IND)',
    '-NAN(IND)',
    'INF',
    '-INF',
  ],
  ...['1.#QNAN', '1.#QNAN0', '-1.#IND', '-1.#IND00', '1.#INF', '1.#INF00', '-1.#INF', '-1.#INF00'],
  ...['NA', 'N/A', 'n/a'],
]);

const maxNumberLength = 32;
const maxMissingLength = 9;

const zero = 0x30;
const nine = 0x39;
const plus = 0x2b;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const upperE = 0x45;
const lowerE = 0x65;

/** Powers of ten that a double holds exactly. */
const exactPowers = Float64Array.from({ length: 23 }, (_, n) => 10 ** n);

/**
 * The number in `bytes[start, end)`; NaN for a missing word; undefined for anything else. Correctly rounded: digits
 * that fit 53 bits divided by an exact power of ten, or JavaScript's own conversion. Makes no string on the usual way.
 */
export function numberIn(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > maxNumberLength) return undefined;
  let at = start;
  const first = bytes[at];
  if (first === minus || first === plus) at++;
  let digits = 0;
  let mantissa = 0;
  let decimals = -1;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= zero && byte <= nine) {
      mantissa = mantissa * 10 + (byte - zero);
      digits++;
      if (decimals >= 0) decimals++;
    } else if ((byte === point || byte === comma) && decimals < 0) decimals = 0;
    else break;
  }
  if (digits === 0 || (at < end && !isExponent(bytes, at, end))) return missingIn(bytes, start, end);
  if (at < end || digits > 15) return Number(textIn(bytes, start, end).replace(',', '.'));
  const value = decimals > 0 ? mantissa / (exactPowers[decimals] as number) : mantissa;
  return first === minus ? -value : value;
}

/** True when `numberIn` would give a number or a missing word: the proof of a cell. */
export function isNumberIn(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > maxNumberLength) return false;
  let at = start;
  const first = bytes[at];
  if (first === minus || first === plus) at++;
  let digits = 0;
  let points = 0;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte >= zero && byte <= nine) digits++;
    else if ((byte === point || byte === comma) && points === 0) points++;
    else break;
  }
  if (digits > 0 && (at === end || isExponent(bytes, at, end))) return true;
  return missingIn(bytes, start, end) !== undefined;
}

/** The same grammar for a value that is already text. Other alphabets have letters whose low byte is a digit's. */
export function parseNumber(text: string): number | undefined {
  if (text.length === 0 || text.length > maxNumberLength) return undefined;
  const bytes = Buffer.from(text, 'utf8');
  return numberIn(bytes, 0, bytes.length);
}

function isExponent(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== lowerE && bytes[start] !== upperE) return false;
  let at = start + 1;
  if (bytes[at] === plus || bytes[at] === minus) at++;
  if (at >= end || end - at > 3) return false;
  for (; at < end; at++) if ((bytes[at] as number) < zero || (bytes[at] as number) > nine) return false;
  return true;
}

function missingIn(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > maxMissingLength) return undefined;
  return missingWords.has(textIn(bytes, start, end)) ? Number.NaN : undefined;
}

function textIn(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
