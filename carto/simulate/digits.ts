import { short } from './format.ts';

/** Writes a whole number in ASCII so that its last digit comes to lie on `last`. */
export function putWholeBefore(bytes: Uint8Array, last: number, value: number): void {
  let at = last;
  let rest = value < 0 ? -value : value;
  do {
    const tenth = (rest / 10) | 0;
    bytes[at] = 0x30 + rest - tenth * 10;
    rest = tenth;
    at -= 1;
  } while (rest > 0);
  if (value < 0) bytes[at] = 0x2d;
}

/** How many digits a whole number has. */
function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10, size = value < 0 ? -value : value; size >= limit; limit *= 10) digits += 1;
  return digits;
}

/** Writes a whole number from `at` on; returns the place after it. */
export function putWhole(bytes: Uint8Array, at: number, value: number): number {
  const end = at + digitsOf(value) + (value < 0 ? 1 : 0);
  putWholeBefore(bytes, end - 1, value);
  return end;
}

/** Writes what `short` says of a number from `at` on, without making a string of it; returns the place after it. */
export function putShort(bytes: Uint8Array, at: number, value: number): number {
  const size = value < 0 ? -value : value;
  if (!(size >= 1 && size < 999)) {
    const text = short(value);
    for (let n = 0; n < text.length; n += 1) bytes[at + n] = text.charCodeAt(n);
    return at + text.length;
  }
  let decimals = size < 10 ? 5 : size < 100 ? 4 : 3;
  let digits = Math.round(size * (size < 10 ? 1e5 : size < 100 ? 1e4 : 1e3));
  for (; decimals > 0; decimals -= 1) {
    const tenth = (digits / 10) | 0;
    if (tenth * 10 !== digits) break;
    digits = tenth;
  }
  let start = at;
  if (value < 0) bytes[start++] = 0x2d;
  const end = start + digitsOf(digits) + (decimals > 0 ? 1 : 0);
  let rest = digits;
  for (let place = end - 1, n = 0; place >= start; place -= 1, n += 1) {
    if (n === decimals && decimals > 0) {
      bytes[place] = 0x2e;
      continue;
    }
    const tenth = (rest / 10) | 0;
    bytes[place] = 0x30 + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}
