/** One of several texts found in bytes. */
export interface Found<T> {
  readonly what: T;
  readonly at: number;
}

/**
 * Searches bytes for many needles in one pass, letter case of A to Z aside: a bit for every pair of bytes tells where a
 * needle may begin. Needles are of two bytes and more. Proven against a search one by one in its test.
 */
export class NeedleSearch<T> {
  readonly #mayBegin = new Uint32Array(65_536 / 32);
  readonly #byPair = new Map<number, { readonly needle: Uint8Array; readonly what: T }[]>();

  add(needle: Uint8Array, what: T): void {
    if (needle.length < 2) throw new RangeError('a needle has two bytes at least');
    const lower = folded(needle);
    const pair = ((lower[0] as number) << 8) | (lower[1] as number);
    this.#mayBegin[pair >> 5] = (this.#mayBegin[pair >> 5] as number) | (1 << (pair & 31));
    const known = this.#byPair.get(pair) ?? [];
    known.push({ needle: lower, what });
    this.#byPair.set(pair, known);
  }

  /** Every place of every needle. */
  find(bytes: Uint8Array): Found<T>[] {
    const text = folded(bytes);
    const found: Found<T>[] = [];
    for (let at = 0; at + 1 < text.length; at++) {
      const pair = ((text[at] as number) << 8) | (text[at + 1] as number);
      if ((((this.#mayBegin[pair >> 5] as number) >> (pair & 31)) & 1) === 0) continue;
      for (const { needle, what } of this.#byPair.get(pair) ?? []) {
        if (standsAt(text, at, needle)) found.push({ what, at });
      }
    }
    return found;
  }
}

function standsAt(text: Uint8Array, at: number, needle: Uint8Array): boolean {
  if (at + needle.length > text.length) return false;
  for (let n = 2; n < needle.length; n++) if (text[at + n] !== needle[n]) return false;
  return true;
}

/** A to Z as a to z, whatever they are part of. */
function folded(bytes: Uint8Array): Uint8Array {
  const lower = Uint8Array.from(bytes);
  for (let at = 0; at < lower.length; at++) {
    const byte = lower[at] as number;
    if (byte >= 0x41 && byte <= 0x5a) lower[at] = byte + 0x20;
  }
  return lower;
}
