import { TextDecoder } from 'node:util';

/** Separators of one message, as its header names them: fields, components, repetitions, escapes, subcomponents. */
interface Separators {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** The header's first letters, then its separators: printable marks, at least two. */
const headerForm = /^\s*MSH([!-/:-@[-`{-~])([!-/:-@[-`{-~])([!-/:-@[-`{-~])?([!-/:-@[-`{-~])?([!-/:-@[-`{-~])?/;

/** More segments than any message about one room has. */
const mostSegments = 2_000;

/**
 * A parsed HL7 v2 message: as much of it as is asked for. Unknown segments (Z-segments) are skipped, missing fields are
 * empty, empty and quoted-null values alike. Numbers are HL7's own: fields from 1, in MSH the separator is field 1.
 */
export class Hl7Message {
  readonly #separators: Separators;
  readonly #segments: readonly (readonly string[])[];

  private constructor(separators: Separators, segments: readonly (readonly string[])[]) {
    this.#separators = separators;
    this.#segments = segments;
  }

  /** Parses the bytes of a message in the character set that MSH-18 names. Undefined when they are not HL7 v2. */
  static parse(bytes: Buffer): Hl7Message | undefined {
    const plain = Hl7Message.plain(bytes);
    const decoder = plain && decoderOf(plain.value('MSH', 18));
    return decoder ? (Hl7Message.#of(decoder.decode(bytes)) ?? plain) : plain;
  }

  /** The same with every byte as one letter: what is echoed from it goes back byte for byte. */
  static plain(bytes: Buffer): Hl7Message | undefined {
    return Hl7Message.#of(bytes.toString('latin1'));
  }

  static #of(text: string): Hl7Message | undefined {
    const found = headerForm.exec(text);
    if (!found) return undefined;
    const [, field = '|', component = '^', repetition = '~', escaping = '\\', subcomponent = '&'] = found;
    const chosen = [component, repetition, escaping, subcomponent].filter((mark) => mark !== field);
    const [c = '^', r = '~', e = '\\', s = '&'] = chosen;
    const lines = text.trimStart().split(/\r\n|\r|\n/, mostSegments);
    const segments = lines.filter((line) => line !== '').map((line) => line.split(field));
    segments[0]?.splice(1, 0, field);
    return new Hl7Message({ field, component: c, repetition: r, escape: e, subcomponent: s }, segments);
  }

  get separators(): Separators {
    return this.#separators;
  }

  /** Every segment of that name, in order: for `values` and `value`. */
  segments(name: string): readonly (readonly string[])[] {
    return this.#segments.filter(([own]) => own?.trim().toUpperCase() === name);
  }

  /** A field of the first segment of that name, as it stands there. */
  raw(segment: string, field: number): string {
    return this.segments(segment)[0]?.[field] ?? '';
  }

  /** The first component of the first repetition. */
  value(segment: string, field: number, component = 1): string {
    return this.parts(this.raw(segment, field))[0]?.[component - 1] ?? '';
  }

  /** Repetitions of a field, each its components, unescaped. A component is its first subcomponent. */
  parts(field: string): readonly (readonly string[])[] {
    const { repetition, component, subcomponent } = this.#separators;
    return field
      .split(repetition)
      .map((one) => one.split(component).map((part) => this.#unescape(part.split(subcomponent)[0] ?? '')));
  }

  #unescape(text: string): string {
    if (text === '""') return '';
    const { field, component, repetition, escape: mark, subcomponent } = this.#separators;
    if (!text.includes(mark)) return text.trim();
    const letters: Readonly<Record<string, string>> = {
      F: field,
      S: component,
      R: repetition,
      E: mark,
      T: subcomponent,
    };
    const pieces = text.split(mark);
    // Pieces alternate between text and escape; a lone escape at the end is text.
    return pieces
      .map((piece, at) => {
        if (at % 2 === 0) return piece;
        if (at === pieces.length - 1) return mark + piece;
        if (/^X([0-9A-Fa-f]{2})+$/.test(piece)) return Buffer.from(piece.slice(1), 'hex').toString('latin1');
        return letters[piece] ?? '';
      })
      .join('')
      .trim();
  }
}

/** HL7 table 0211 to the names of the encoding standard; those that are supersets of ASCII, as the header must be. */
const encodings: Readonly<Record<string, string>> = {
  'UNICODE UTF-8': 'utf-8',
  'UTF-8': 'utf-8',
  UTF8: 'utf-8',
  'GB 18030-2000': 'gb18030',
  'KS X 1001': 'euc-kr',
  'ISO IR87': 'iso-2022-jp',
  'ISO IR159': 'iso-2022-jp',
  'BIG-5': 'big5',
};

function decoderOf(name: string): TextDecoder | undefined {
  const wanted = name.toUpperCase();
  const part = /^8859\/(\d{1,2})$/.exec(wanted)?.[1] ?? /^ISO-?8859-(\d{1,2})$/.exec(wanted)?.[1];
  const label = part ? `iso-8859-${part}` : encodings[wanted];
  try {
    // What is wrong in the declared set becomes a replacement mark; the message is read all the same.
    return label ? new TextDecoder(label) : undefined;
  } catch {
    return undefined;
  }
}
