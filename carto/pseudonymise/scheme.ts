import { createHmac, randomBytes, randomInt } from 'node:crypto';
import type { Profile } from '../../protocol/profile.ts';
import type { StudyXml } from '../read/study-xml.ts';
import { type CalendarDay, shiftDay, yearOf } from './calendar.ts';
import type { Linkage } from './linkage.ts';
import type { CodedName, CounterName } from './rule.ts';

/** Letters that make no words, and no digits: a code can be no number, and no number looks like a code. */
const letters = 'bcdfghjkmnpqrstvwxz';
/** 19^8: some 34 bits. */
const codeLength = 8;

/** Dates go back by at least a month and at most three years. */
const shiftDays = { least: 30, most: 1095 };

/** How one profile makes codes and numbers of one study, and what of the originals it lets the linkage keep. */
export interface Scheme {
  readonly profile: Profile;
  readonly anchor: string;
  readonly shiftDays: number;
  /** The variable part of a code: eight letters, others at every try. */
  letters(kind: CodedName, name: string, tried: number): string;
  /** What the linkage keeps of a name and of a counter. */
  keptName(kind: CodedName, name: string): string;
  keptCounter(name: CounterName, value: number): number | string;
  /** What stands for a day of the procedure: never that day. */
  day(day: CalendarDay): CalendarDay;
  /** The order in which counters that are known in advance get their numbers. */
  order(values: readonly number[]): readonly number[];
}

export interface SchemeDeps {
  readonly profile: Profile;
  /** The site's linkage key: 32 bytes. It never leaves the appliance. */
  readonly siteKey: Uint8Array;
  /** From an earlier export of the same study under the same profile. */
  readonly linkage?: Linkage | undefined;
  readonly study: Pick<StudyXml, 'name' | 'maps'>;
}

/**
 * The scheme of a study. Keyed codes are HMAC-SHA256 under the site's key over the study's anchor, the kind and the
 * name, in letters: without the key nobody can test a guess. `safe-harbor` draws everything (45 CFR 164.514(c): a code
 * must not be derived from information about the individual) and keeps digests, which lead back to nothing.
 */
export function schemeOf({ profile, siteKey, linkage, study }: SchemeDeps): Scheme {
  if (siteKey.length < 32) throw new RangeError('the linkage key must have at least 32 bytes');
  const digest = (...parts: readonly string[]) => createHmac('sha256', siteKey).update(parts.join('\0')).digest();
  if (profile === 'safe-harbor') {
    const anchor = linkage?.anchor ?? randomBytes(32).toString('hex');
    return {
      ...{ profile, anchor, shiftDays: 0 },
      letters: randomCode,
      keptName: (kind, name) => digest('kept name', anchor, kind, name).toString('hex'),
      keptCounter: (name, value) => digest('kept counter', anchor, name, String(value)).toString('hex'),
      day: yearOf,
      order: shuffled,
    };
  }
  const anchor = linkage?.anchor ?? digest('study', anchorText(study)).toString('hex');
  const range = shiftDays.most - shiftDays.least + 1;
  const days = linkage?.shiftDays || -(shiftDays.least + (digest('shift', anchor).readUInt32BE() % range));
  return {
    ...{ profile, anchor, shiftDays: days },
    day: (day) => shiftDay(day, days),
    letters: (kind, name, tried) => lettersOf(digest('code', anchor, kind, name, String(tried))),
    keptName: (_, name) => name,
    keptCounter: (_, value) => value,
    order: (values) => values.toSorted((a, b) => a - b),
  };
}

/** Eight random letters. */
export function randomCode(): string {
  return Array.from({ length: codeLength }, () => letters[randomInt(letters.length)]).join('');
}

/** The first 128 bits of a digest in the base of the letters: no letter is likelier than another by more than 2^-60. */
function lettersOf(digest: Buffer): string {
  const base = BigInt(letters.length);
  let number = BigInt(`0x${digest.subarray(0, 16).toString('hex')}`);
  return Array.from({ length: codeLength }, () => {
    const letter = letters[Number(number % base)];
    number /= base;
    return letter;
  }).join('');
}

/**
 * What is the study's own in every export of it: its oldest map and where that one's first point lies. An export has
 * no id of patient or study, and its name holds the time of the export.
 */
function anchorText({ name, maps }: SchemeDeps['study']): string {
  const [oldest] = maps.toSorted((a, b) => a.index - b.index);
  if (!oldest) return `name ${name}`;
  const [first] = oldest.points.toSorted((a, b) => a.id - b.id);
  return `map ${oldest.index} ${first?.id ?? ''} ${first?.positionMm.join(' ') ?? ''}`;
}

function shuffled(values: readonly number[]): readonly number[] {
  const order = [...values];
  for (let at = order.length - 1; at > 0; at--) {
    const other = randomInt(at + 1);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}
