import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a hand-made zip. What is not given is what an honest writer would have written. */
export interface WrittenEntry {
  readonly name: string | Buffer;
  readonly content?: Buffer;
  /** What is written as the data: `content`, deflated where the method is 8, unless said. */
  readonly packed?: Buffer;
  readonly method?: number;
  readonly flags?: number;
  /** Of Unix, with the type's bits. */
  readonly mode?: number;
  readonly extra?: Buffer;
  /** What the directory claims. */
  readonly claimed?: { readonly bytes?: number; readonly packed?: number; readonly crc32?: number };
  /** What stands before the data instead. */
  readonly local?: {
    readonly name?: string;
    readonly method?: number;
    readonly bytes?: number;
    readonly crc32?: number;
  };
}

export interface WrittenZip {
  /** What the end record claims. */
  readonly entryCount?: number;
  readonly comment?: string;
}

/** A zip with every field at hand, to write what no honest writer writes. */
export function writeZip(entries: readonly WrittenEntry[], zip: WrittenZip = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const packed = packedOf(entry);
    directory.push(centralOf(entry, packed.length, at));
    for (const part of [localOf(entry, packed.length), packed]) {
      parts.push(part);
      at += part.length;
    }
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([...parts, ...directory, endOf(zip.entryCount ?? entries.length, size, at, zip.comment ?? '')]);
}

function packedOf({ content = Buffer.alloc(0), method = 0, packed }: WrittenEntry): Buffer {
  if (packed) return packed;
  return method === 8 ? deflateRawSync(content) : content;
}

function localOf(entry: WrittenEntry, packed: number): Buffer {
  const { content = Buffer.alloc(0), local = {} } = entry;
  const name = Buffer.from(local.name ?? entry.name);
  return record(0x04034b50, [
    [2, 20],
    ...commonOf(entry, local.method ?? entry.method ?? 0),
    [4, local.crc32 ?? crc32(content)],
    [4, packed],
    [4, local.bytes ?? content.length],
    [2, name.length],
    [2, 0],
    name,
  ]);
}

function centralOf(entry: WrittenEntry, packed: number, offset: number): Buffer {
  const { content = Buffer.alloc(0), claimed = {}, extra = Buffer.alloc(0), mode = 0o100644 } = entry;
  const name = Buffer.from(entry.name);
  return record(0x02014b50, [
    [2, (3 << 8) | 20],
    [2, 20],
    ...commonOf(entry, entry.method ?? 0),
    [4, claimed.crc32 ?? crc32(content)],
    [4, claimed.packed ?? packed],
    [4, claimed.bytes ?? content.length],
    [2, name.length],
    [2, extra.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, mode * 2 ** 16],
    [4, offset],
    name,
    extra,
  ]);
}

function commonOf({ flags = 0x800 }: WrittenEntry, method: number): Field[] {
  return [
    [2, flags],
    [2, method],
    [2, 0],
    [2, 0x21],
  ];
}

function endOf(count: number, size: number, offset: number, comment: string): Buffer {
  return record(0x06054b50, [
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, size],
    [4, offset],
    [2, comment.length],
    Buffer.from(comment, 'latin1'),
  ]);
}

/** Bytes and a value, little-endian; or bytes as they are. */
type Field = readonly [2 | 4, number] | Buffer;

function record(signature: number, fields: readonly Field[]): Buffer {
  const written = ([[4, signature], ...fields] as Field[]).map((field) => {
    if (Buffer.isBuffer(field)) return field;
    const [bytes, value] = field;
    const number = Buffer.alloc(bytes);
    number.writeUIntLE(value % 2 ** (8 * bytes), 0, bytes);
    return number;
  });
  return Buffer.concat(written);
}
