import { StringDecoder } from 'node:string_decoder';
import { CartoError } from '../error.ts';

/** What 7-Zip lists of an entry. */
export interface ListedEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly bytes: number;
  readonly crc32: number | undefined;
  readonly mtimeMs: number;
  readonly isEncrypted: boolean;
  /** Of Unix, 0 when the archive does not say. */
  readonly mode: number;
}

/** Longest line that is looked at; a name is cut there by `Names`. */
const maxLineLength = 64 * 1024;

/** Reads the output of `7z l -slt`: lines `Key = value`, a blank line between entries, dashes before the first. */
export class ListingReader {
  /** As 7-Zip says it: `24.09`. */
  version = '';
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #isInEntries = false;
  #fields = new Map<string, string>();

  /** The entries that are complete. */
  *add(piece: Buffer): Generator<ListedEntry> {
    const lines = (this.#rest + this.#decoder.write(piece)).split(/\r?\n/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > maxLineLength) throw senseless();
    for (const line of lines) yield* this.#line(line);
  }

  *end(): Generator<ListedEntry> {
    yield* this.#line(this.#rest);
    yield* this.#line('');
    if (!this.#isInEntries) throw senseless();
  }

  *#line(line: string): Generator<ListedEntry> {
    if (!this.#isInEntries) {
      this.version ||= /^7-Zip \(\w\) (\d+\.\d+)/.exec(line)?.[1] ?? '';
      this.#isInEntries = line === '----------';
    } else if (line !== '') {
      const at = line.indexOf(' =');
      if (at > 0) this.#fields.set(line.slice(0, at), line.slice(at + 3));
    } else if (this.#fields.size > 0) {
      yield entryOf(this.#fields);
      this.#fields = new Map();
    }
  }
}

function entryOf(fields: ReadonlyMap<string, string>): ListedEntry {
  const name = fields.get('Path');
  const [attributes = '', modeText = ''] = (fields.get('Attributes') ?? '').split(' ');
  const size = fields.get('Size') ?? '';
  const isFolder = fields.get('Folder') === '+' || attributes.includes('D');
  const crc = fields.get('CRC') ?? '';
  if (name === undefined || !/^\d{0,16}$/.test(size) || (size === '' && !isFolder)) throw senseless();
  const isLink = attributes.includes('L') || linkFields.some((field) => (fields.get(field) ?? '') !== '');
  return {
    name,
    isFolder,
    bytes: Number(size),
    crc32: /^[0-9A-F]{8}$/.test(crc) ? Number.parseInt(crc, 16) : undefined,
    mtimeMs: timeOf(fields.get('Modified') ?? ''),
    isEncrypted: fields.get('Encrypted') === '+',
    mode: isLink ? linkMode : (typeModes[modeText[0] ?? ''] ?? 0),
  };
}

const linkFields = ['Symbolic Link', 'Hard Link', 'Copy Link'];
const linkMode = 0o120000;

// biome-ignore format: the columns are the documentation
const typeModes: Readonly<Record<string, number>> = {
  l: linkMode, b: 0o060000, c: 0o020000, p: 0o010000, s: 0o140000,
};

/** `2026-11-26 14:28:24.1100469`, taken for UTC. */
function timeOf(text: string): number {
  const time = Date.parse(`${text.slice(0, 23).replace(' ', 'T')}Z`);
  return Number.isNaN(time) ? 0 : time;
}

function senseless(): CartoError {
  return new CartoError('UNREADABLE', 'the archive cannot be listed', { kind: '7z' });
}
