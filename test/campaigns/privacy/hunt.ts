import { NeedleSearch } from '../../harness/needles.ts';
import { needlesOf } from './encodings.ts';

interface Sought {
  readonly secret: string;
  /** Digits as they are: they count where they stand alone. */
  readonly isNumber: boolean;
}

/** Searches bytes for secrets: in every encoding, and as text without its separators. */
export class Hunt {
  readonly #whole = new NeedleSearch<Sought>();
  readonly #squeezed = new NeedleSearch<Sought>();

  constructor(secrets: readonly string[]) {
    for (const secret of new Set(secrets)) {
      const isNumber = /^\d+$/.test(secret);
      const plain = Buffer.from(secret);
      for (const needle of needlesOf(secret))
        this.#whole.add(needle, { secret, isNumber: isNumber && needle.equals(plain) });
      for (const needle of [plain, Buffer.from(secret, 'latin1')]) this.#squeezed.add(needle, { secret, isNumber });
    }
  }

  /** The secrets that are in the bytes. */
  in(bytes: Buffer): ReadonlySet<string> {
    const whole = this.#whole
      .find(bytes)
      .filter(({ what, at }) => !what.isNumber || standsAlone(bytes, at, what.secret.length));
    const split = this.#squeezed
      .find(squeezed(bytes))
      .filter(({ what }) => !what.isNumber || hasDivided(bytes, what.secret));
    return new Set([...whole, ...split].map(({ what }) => what.secret));
  }
}

/** Digits in the midst of other digits, or behind a decimal point, are no identifier any more. */
function standsAlone(bytes: Buffer, at: number, length: number): boolean {
  const around = bytes.toString('latin1', Math.max(0, at - 2), at + length + 1);
  const [before, behind] = [around.slice(0, Math.min(2, at)), around.slice(Math.min(2, at) + length)];
  return !/\d$|\d[.,]$/.test(before) && !/^\d/.test(behind);
}

/** The digits with a few separators between any two: `0-5-3-5---2-1` is a number that was divided twice. */
function hasDivided(bytes: Buffer, digits: string): boolean {
  return new RegExp(`(?<!\\d[.,]?)${[...digits].join('[-_/ ()+.]{0,3}')}(?!\\d)`).test(bytes.toString('latin1'));
}

/** Without what divides: blanks, line ends and the marks that people put between parts. */
function squeezed(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(/[-\s._/\\()+:;,'"#=]+/g, ''), 'latin1');
}
