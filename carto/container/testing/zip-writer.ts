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
  /** Where the archive begins: its offsets count from the beginning of a file that it is written into. Makes it zip64. */
  readonly base?: number;
}

/** A zip with every field at hand, to write what no honest writer writes. */
export function writeZip(entries: readonly WrittenEntry[], zip: WrittenZip = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const packed = packedOf(entry);
    directory.push(centralOf(entry, packed.length, at, zip.base));
    for (const part of [localOf(entry, packed.length), packed]) {
      parts.push(part);
      at += part.length;
    }
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = endOf(zip.entryCount ?? entries.length, size, at, zip.comment ?? '');
  const end64 = zip.base === undefined ? Buffer.alloc(0) : end64Of(entries.length, size, zip.base + at);
  return Buffer.concat([...parts, ...directory, end64, end]);
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

function centralOf(entry: WrittenEntry, packed: number, at: number, base?: number): Buffer {
  const { content = Buffer.alloc(0), claimed = {}, mode = 0o100644 } = entry;
  const far = base === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from('01000800', 'hex'), uint64(base + at)]);
  const extra = Buffer.concat([far, entry.extra ?? Buffer.alloc(0)]);
  const offset = base === undefined ? at : 0xffffffff;
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

/** The end record of zip64, and what points to it. */
function end64Of(count: number, size: number, offset: number): Buffer {
  const numbers = [count, count, size, offset].map(uint64);
  const end = record(0x06064b50, [uint64(44), [2, 45], [2, 45], [4, 0], [4, 0], ...numbers]);
  return Buffer.concat([end, record(0x07064b50, [[4, 0], uint64(offset + size), [4, 1]])]);
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
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
