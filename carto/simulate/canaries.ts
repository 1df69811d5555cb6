import type { SimulatedNames } from './names.ts';
import { type Random, randomOf } from './random.ts';

/** A made-up identifier that was planted, and where. */
export interface Canary {
  /** Which kind of identifier it is. */
  readonly kind: (typeof kinds)[number];
  /** The field of `SimulatedNames` that holds it. */
  readonly field: keyof SimulatedNames;
  readonly text: string;
}

/** The eighteen classes of identifiers that US law names, in its order; those that are no text have one all the same. */
// biome-ignore format: one line of classes per kind of thing
const kinds = [
  'name', 'place', 'date', 'phone', 'fax', 'email', 'social-security', 'record-number', 'health-plan', 'account',
  'licence', 'vehicle', 'device-serial', 'url', 'ip-address', 'biometric', 'photograph', 'other',
] as const;

// every free text of an export, with the kinds that it holds
// biome-ignore format: the columns are the documentation
const plan: readonly (readonly [field: keyof SimulatedNames, ...kinds: readonly (typeof kinds)[number][]])[] = [
  ['study',       'name', 'record-number', 'date'],
  ['maps',        'name', 'social-security'],
  ['remap',       'phone'],
  ['comment',     'email', 'fax', 'url', 'place'],
  ['presetName',  'licence'],
  ['siteTag',     'health-plan', 'vehicle'],
  ['meshName',    'account', 'ip-address'],
  ['shell',       'biometric', 'device-serial'],
  ['unknownFile', 'photograph'],
  ['template',    'name', 'other'],
  ['connector',   'record-number'],
];

/** The identifiers of a seed. The same seed gives the same ones; none belongs to anybody. */
export function canariesOf(seed: number): readonly Canary[] {
  const random = randomOf(seed, 'canaries');
  const surname = `Zyl${word(random, 6)}`;
  const record = `77${digits(random, 7)}`;
  return plan.flatMap(([field, ...planted]) =>
    planted.map((kind): Canary => ({ kind, field, text: identifier(kind, { surname, record }, random) })),
  );
}

/** The names of a study in which every free text holds its identifiers. */
export function canaryNames(seed: number): SimulatedNames {
  const canaries = canariesOf(seed);
  const of = (field: keyof SimulatedNames, between = ' ') =>
    canaries
      .filter((canary) => canary.field === field)
      .map(({ text }) => text)
      .join(between);
  const maps = of('maps');
  return {
    study: of('study'),
    maps: [`1-${maps}`, `2-${maps}`],
    remap: `1-1-ReMap ${of('remap')}`,
    comment: of('comment'),
    presetName: of('presetName', '_'),
    siteTag: of('siteTag'),
    meshName: of('meshName'),
    shell: of('shell'),
    unknownFile: `${of('unknownFile')}.txt`,
    template: of('template'),
    connector: `MRN_${of('connector')}_CONNECTOR`,
  };
}

/** All of them can stand in a file name. */
function identifier(
  kind: (typeof kinds)[number],
  { surname, record }: { readonly surname: string; readonly record: string },
  random: Random,
): string {
  const number = (count: number) => digits(random, count);
  switch (kind) {
    case 'name':
      return surname;
    case 'place':
      return `${number(2)} ${word(random, 7)} Lane ${number(5)}`;
    case 'date':
      return `19${random.integer(30, 89)}-0${random.integer(1, 9)}-1${random.integer(0, 9)}`;
    case 'phone':
    case 'fax':
      return `(${number(3)}) 555-0${number(3)}`;
    case 'email':
      return `${word(random, 8)}@${word(random, 6)}.example`;
    case 'social-security':
      return `000-${number(2)}-${number(4)}`;
    case 'record-number':
      return record;
    case 'url':
      return `www.${word(random, 8)}.example`;
    case 'ip-address':
      return `192.0.2.${random.integer(100, 250)}`;
    default:
      return `${word(random, 3).toUpperCase()}${number(7)}`;
  }
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.integer(0, 9)).join('');
}

function word(random: Random, length: number): string {
  return Array.from(
    { length },
    (_, n) => (n % 2 === 0 ? 'bdfgkmpqtvwz' : 'aeiouy')[random.integer(0, n % 2 === 0 ? 11 : 5)],
  ).join('');
}
