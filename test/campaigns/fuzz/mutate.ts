import type { Dice } from '../../harness/random.ts';

/** Damages a file of an export, or makes it hostile. `other`: another file, to take pieces from. */
export type Mutation = (dice: Dice, bytes: Buffer, other: Buffer) => Buffer;

const cr = 13;
const lf = 10;

/** Words and numbers that the base export says staff typed: none of them may be in any output. */
export const plants = {
  words: ['Kowalczyk', 'Brunhilde'],
  numbers: ['4711238', '01765550199'],
} as const;

// biome-ignore format: the list is the documentation
const numbers = [
  '0', '-0', '-1', '1e309', '-1e309', '1e-400', '9007199254740993', '2147483648', '-2147483649', '4294967296',
  '99999999999999999999999999999999', '0.00000000000000000000000000001', '1.7976931348623157e308', '-10000', '-9999.99',
  '99999', '1,5', '1.2.3', '1e', '--1', '+1', '.5', '5.', '0x10', '1_000', 'NaN', 'Infinity', '1.#QNAN', '-1.#IND00', 'NA', '',
  '\u0661\u0662', '1\u00a0000', '1000000', '999999999', '1000000000', '-1000000',
];

const junk = [
  '\0',
  '\u00b5',
  '\ufeff',
  '\u2028',
  '\u202e',
  '\ud83d\ude00',
  '\x1b[2J',
  '\x7f',
  '\x1a',
  '%s%n',
  '\\',
  '/',
  '..',
  '"',
  "'",
  '<',
  '>',
  '&',
];
const xmlJunk = [
  '<a>',
  '</a>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?x?>',
  '&a;',
  '&#0;',
  '&#x110000;',
  '&#76;',
  '<Point/>',
  '<Map Name=""/>',
  ' x="1" x="2"',
  'xmlns:a="b"',
  '<__proto__ constructor="1"/>',
];

function cut(bytes: Buffer, at: number, length: number, by: Buffer | string = ''): Buffer {
  return Buffer.concat([
    bytes.subarray(0, at),
    typeof by === 'string' ? Buffer.from(by) : by,
    bytes.subarray(at + length),
  ]);
}

/** Start and end of a line, its line feed included. */
function lineAt(bytes: Buffer, place: number): [start: number, end: number] {
  const start = place === 0 ? 0 : bytes.lastIndexOf(lf, place - 1) + 1;
  const feed = bytes.indexOf(lf, place);
  return [start, feed < 0 ? bytes.length : feed + 1];
}

/** Any number of the text: start and length; undefined when there is none behind the place that was drawn. */
function numberAt(dice: Dice, bytes: Buffer): [at: number, length: number] | undefined {
  const from = dice.below(bytes.length);
  const found = /[-+]?\d[\d.,eE+-]*/.exec(bytes.toString('latin1', from, from + 400));
  return found ? [from + found.index, found[0].length] : undefined;
}

/** So long a line, or so deep a nest, is made now and then only: it takes as long as hundreds of small inputs. */
const heavyOnceIn = 150;

/** By name. Weights are repetitions in `drawn`. */
export const mutations: Readonly<Record<string, Mutation>> = {
  flip(dice, bytes) {
    const copy = Buffer.from(bytes);
    for (let n = 1 + dice.below(8); n > 0 && copy.length > 0; n--) {
      const at = dice.below(copy.length);
      copy[at] = (copy[at] as number) ^ (1 << dice.below(8));
    }
    return copy;
  },
  overwrite: (dice, bytes) => cut(bytes, dice.below(bytes.length), 1, Buffer.of(dice.below(256))),
  delete: (dice, bytes) => cut(bytes, dice.below(bytes.length), 1 + dice.below(dice.once(3) ? 400 : 6)),
  duplicate(dice, bytes) {
    const at = dice.below(bytes.length);
    return cut(bytes, at, 0, bytes.subarray(at, at + 1 + dice.below(200)));
  },
  insert: (dice, bytes) => cut(bytes, dice.below(bytes.length + 1), 0, dice.pick(junk)),
  insertXml: (dice, bytes) => cut(bytes, dice.below(bytes.length + 1), 0, dice.pick(xmlJunk)),
  truncate: (dice, bytes) => bytes.subarray(0, dice.below(bytes.length)),
  behead: (dice, bytes) => bytes.subarray(dice.below(bytes.length)),
  swapLines(dice, bytes) {
    const [one, other] = [lineAt(bytes, dice.below(bytes.length)), lineAt(bytes, dice.below(bytes.length))];
    if (one[0] >= other[0]) return bytes;
    const [a, b] = [bytes.subarray(...one), bytes.subarray(...other)];
    return Buffer.concat([bytes.subarray(0, one[0]), b, bytes.subarray(one[1], other[0]), a, bytes.subarray(other[1])]);
  },
  deleteLine(dice, bytes) {
    const [start, end] = lineAt(bytes, dice.below(bytes.length));
    return cut(bytes, start, end - start);
  },
  repeatLine(dice, bytes) {
    const [start, end] = lineAt(bytes, dice.below(bytes.length));
    const times = dice.once(heavyOnceIn) ? 5000 : 1 + dice.below(4);
    return cut(bytes, start, 0, Buffer.concat(Array.from({ length: times }, () => bytes.subarray(start, end))));
  },
  number(dice, bytes) {
    const found = numberAt(dice, bytes);
    return found ? cut(bytes, ...found, dice.pick(numbers)) : bytes;
  },
  hugeNumber(dice, bytes) {
    const found = numberAt(dice, bytes);
    return found ? cut(bytes, found[0], found[1], `${1 + dice.below(9)}`.repeat(1 + dice.below(40))) : bytes;
  },
  nul: (dice, bytes) =>
    cut(bytes, dice.below(bytes.length + 1), 0, Buffer.alloc(1 + dice.below(dice.once(20) ? 4096 : 3))),
  utf16(dice, bytes) {
    const wide = Buffer.from(`${dice.once(2) ? '\ufeff' : ''}${bytes.toString('utf8')}`, 'utf16le');
    return dice.once(2) ? wide.swap16() : wide;
  },
  longLine(dice, bytes) {
    const length = dice.once(heavyOnceIn) ? 1_200_000 : 5000;
    return cut(
      bytes,
      dice.below(bytes.length + 1),
      0,
      dice.pick([' ', '1', 'x', '\t', '1 ', 'a\t', '(1)', '=', '\0']).repeat(length),
    );
  },
  deep(dice, bytes) {
    const depth = dice.once(heavyOnceIn) ? 100_000 : 80;
    return cut(bytes, bytes.indexOf('>', dice.below(bytes.length)) + 1, 0, '<a>'.repeat(depth));
  },
  entityBomb(dice, bytes) {
    const entities = Array.from({ length: 9 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`).join('');
    const bomb = `<!DOCTYPE x [<!ENTITY e0 "lol">${entities}]>`;
    const head = cut(bytes, Math.max(0, bytes.indexOf('<')), 0, bomb);
    return cut(head, dice.below(head.length), 0, '&e9;');
  },
  splice(dice, bytes, other) {
    const at = dice.below(other.length);
    return cut(bytes, dice.below(bytes.length), dice.below(100), other.subarray(at, at + 1 + dice.below(400)));
  },
  lineEnds(dice, bytes) {
    const text = bytes.toString('latin1');
    return Buffer.from(text.replaceAll('\r\n', dice.pick(['\n', '\r', '\r\r\n', '\n\r', ''])), 'latin1');
  },
  separators(dice, bytes) {
    const [from, to] = dice.pick([
      ['\t', ' '],
      [' ', '\t'],
      ['=', ':'],
      ['.', ','],
      ['"', "'"],
      [' ', '\u00a0'],
      ['\t', '\t\t'],
    ] as const);
    return Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
  },
  letterCase(dice, bytes) {
    const text = bytes.toString('latin1');
    return Buffer.from(dice.once(2) ? text.toUpperCase() : text.toLowerCase(), 'latin1');
  },
  carriage: (dice, bytes) => cut(bytes, dice.below(bytes.length + 1), 0, Buffer.of(cr)),
  plant(dice, bytes) {
    const plant = dice.pick([...plants.words, ...plants.numbers]);
    const [lead, tail] = dice.pick([
      ['', ''],
      [' ', ' '],
      ['\t', '\t'],
      ['"', '"'],
      ['\r\n', '\r\n'],
      ['=', ''],
      ['<!--', '-->'],
      ['; ', '\r\n'],
    ] as const);
    const found = dice.once(2) ? numberAt(dice, bytes) : undefined;
    return cut(bytes, found?.[0] ?? dice.below(bytes.length + 1), found?.[1] ?? 0, `${lead}${plant}${tail}`);
  },
  /** A length, an offset or a flag of a binary format. */
  field(dice, bytes) {
    const copy = Buffer.from(bytes);
    const width = dice.pick([1, 2, 4, 8]);
    const at = dice.below(copy.length - width);
    if (copy.length >= at + width) copy.fill(dice.pick([0, 0xff, 0x7f, 0x80, 1]), at, at + width);
    return copy;
  },
  empty: () => Buffer.alloc(0),
};

const binary = [
  'flip',
  'overwrite',
  'field',
  'field',
  'delete',
  'duplicate',
  'truncate',
  'behead',
  'splice',
  'insert',
  'nul',
];

const rare = new Set(['empty', 'utf16', 'entityBomb', 'deep', 'longLine', 'letterCase', 'separators', 'lineEnds']);
const drawn = Object.keys(mutations).flatMap((name) => (rare.has(name) ? [name] : [name, name, name]));

/** No input is larger: whatever a mutation repeats. Larger files are for the benchmarks. */
const maxBytes = 2 * 2 ** 20;

/** One mutation, or up to four one after another. `isBinary`: by those alone that leave a binary format what it was. */
export function mutate(dice: Dice, bytes: Buffer, other: Buffer, isBinary = false): Buffer {
  let result = bytes;
  for (let n = dice.once(2) ? 1 : 1 + dice.below(4); n > 0; n--) {
    result = (mutations[dice.pick(isBinary ? binary : drawn)] as Mutation)(dice, result, other).subarray(0, maxBytes);
  }
  return result;
}
