import type { Dice } from '../../harness/random.ts';

/** The classes of 45 CFR 164.514(b)(2)(i), A to R. */
// biome-ignore format: the list is the documentation
export const identifierClasses = [
  'name', 'geographic', 'date', 'phone', 'fax', 'e-mail', 'social-security', 'medical-record', 'health-plan', 'account',
  'licence', 'vehicle', 'device-serial', 'url', 'ip-address', 'biometric', 'photo', 'other-code',
] as const;
export type IdentifierClass = (typeof identifierClasses)[number];

/** A made-up identifier as staff would type it, and what of it must be nowhere in what leaves. */
export interface Identifier {
  readonly class: IdentifierClass;
  readonly typed: string;
  /** Words of six letters and more, and digits of eight and more in a row, separators aside. */
  readonly secrets: readonly string[];
}

const syllables = ['zyl', 'qua', 'wex', 'dro', 'mik', 'ulf', 'pyr', 'jox', 'vau', 'tzi', 'gno', 'h\u00fcb', 'k\u00f6r'];

export function drawIdentifier(dice: Dice, of: IdentifierClass): Identifier {
  const word = () => {
    const text = Array.from({ length: 3 }, () => dice.pick(syllables)).join('');
    return text[0]?.toUpperCase() + text.slice(1);
  };
  const digits = (count: number) =>
    `${1 + dice.below(9)}${Array.from({ length: count - 1 }, () => dice.below(10)).join('')}`;
  const given = (typed: string, ...secrets: string[]): Identifier => ({ class: of, typed, secrets });
  const [w, v] = [word(), word()];
  switch (of) {
    case 'name':
      return given(dice.pick([`${w}, ${v}`, `Dr. ${w} ${v}`, `${w}_${v}`]), w, v);
    case 'geographic':
      return given(`${w}weg ${dice.below(90)}, ${digits(5)} ${v}`, w, v);
    case 'date':
      return drawDate(dice, of);
    case 'phone':
    case 'fax': {
      const [area, line] = [`0${digits(3)}`, digits(7)];
      const typed = dice.pick([`${area}-${line}`, `${area} ${line}`, `${area}/${line}`, area + line]);
      return given(`${of === 'fax' ? 'Fax' : 'Tel'} ${typed}`, typed, area + line);
    }
    case 'e-mail':
      return given(`${w}.${v}@example.org`.toLowerCase(), w, v);
    case 'social-security': {
      const [a, b, c] = [digits(3), digits(2), digits(4)];
      return given(`${a}-${b}-${c}`, `${a}-${b}-${c}`, a + b + c);
    }
    case 'medical-record':
    case 'health-plan':
    case 'account': {
      const number = digits(of === 'medical-record' ? 8 : 10);
      return given(`${dice.pick(['', 'MRN ', 'No. ', '#'])}${number}`, number);
    }
    case 'licence':
      return given(`${w}-${digits(8)}`, w);
    case 'vehicle':
      return given(`${w.slice(0, 2).toUpperCase()} ${v} ${digits(4)}`, v);
    case 'device-serial':
      return given(`SN ${w}${digits(5)}`, w);
    case 'url':
      return given(`https://${w}.example/${v}`.toLowerCase(), w, v);
    case 'ip-address':
      return given(
        `${dice.pick([10, 192, 172])}.${100 + dice.below(100)}.${100 + dice.below(100)}.${100 + dice.below(100)} ${w}`,
        w,
      );
    case 'biometric':
      return given(`fingerprint of ${w} ${digits(9)}`, w);
    case 'photo':
      return given(`${w}_${v}.jpg`, w, v);
    case 'other-code':
      return given(`${v}${digits(6)}${w}`, v, w);
  }
}

function drawDate(dice: Dice, of: IdentifierClass): Identifier {
  const two = (value: number) => String(value).padStart(2, '0');
  const [year, month, day] = [1930 + dice.below(60), 1 + dice.below(12), 13 + dice.below(15)];
  const [m, d] = [two(month), two(day)];
  const typed = dice.pick([`${d}.${m}.${year}`, `${m}/${d}/${year}`, `${year}-${m}-${d}`, `${d}_${m}_${year}`]);
  return { class: of, typed, secrets: [typed, `${d}${m}${year}`, `${m}${d}${year}`, `${year}${m}${d}`] };
}
