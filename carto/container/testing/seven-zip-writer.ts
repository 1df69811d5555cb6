import { crc32 } from 'node:zlib';

/** One stored entry of a hand-made 7-Zip archive. What is not given is what an honest writer would have written. */
export interface StoredEntry {
  readonly name: string;
  readonly content: Buffer;
  readonly crc32?: number;
  readonly claimedBytes?: number;
  /** Of Windows; with 0x8000, the mode of Unix is in the upper half. */
  readonly attributes?: number;
}

const signature = Buffer.from('377abcaf271c0004', 'hex');
const headerAt = 32;

/** The ids of 7zFormat.txt that are used here. */
const id = {
  end: 0,
  header: 1,
  mainStreams: 4,
  files: 5,
  pack: 6,
  unpack: 7,
  sub: 8,
  size: 9,
  crc: 10,
  folder: 11,
} as const;
const codersUnpackSize = 12;
const names = 17;
const attributes = 21;
const utf16 = 0;
const allDefined = 1;

/**
 * A 7-Zip archive whose entries are stored, each in a folder (7-Zip's word for a block) of its own. `gap`: bytes that
 * lie between the start header and the content, and are left out of what is returned after those 32 bytes.
 */
export function writeSevenZip(entries: readonly StoredEntry[], gap = 0): Buffer {
  const count = numberOf(entries.length);
  const sizes = entries.map(({ content, claimedBytes }) => numberOf(claimedBytes ?? content.length));
  const sums = entries.map(({ content, crc32: sum }) => uint32(sum ?? crc32(content)));
  const text = entries.map(({ name }) => Buffer.from(`${name}\0`, 'utf16le'));
  const given = entries.map(({ attributes: value = 0x20 }) => uint32(value));
  const copyFolder = Buffer.of(1, 1, 0);
  const header = Buffer.concat([
    Buffer.of(id.header, id.mainStreams),
    Buffer.of(id.pack),
    numberOf(gap),
    count,
    Buffer.of(id.size),
    ...sizes,
    Buffer.of(id.end),
    Buffer.of(id.unpack, id.folder),
    count,
    Buffer.of(0),
    ...entries.map(() => copyFolder),
    Buffer.of(codersUnpackSize),
    ...sizes,
    Buffer.of(id.end),
    Buffer.of(id.sub, id.crc, allDefined),
    ...sums,
    Buffer.of(id.end, id.end),
    Buffer.of(id.files),
    count,
    property(names, [Buffer.of(utf16), ...text]),
    property(attributes, [Buffer.of(allDefined, 0), ...given]),
    Buffer.of(id.end, id.end),
  ]);
  const content = Buffer.concat(entries.map((entry) => entry.content));
  const start = startOf(gap + content.length, header.length);
  start.writeUInt32LE(crc32(header), 28);
  start.writeUInt32LE(crc32(start.subarray(12)), 8);
  return Buffer.concat([start, content, header]);
}

/** With the checksums of the header and of what points to it, after something was changed there. */
function sealed(archive: Buffer): Buffer {
  const at = headerAt + Number(archive.readBigUInt64LE(12));
  const header = archive.subarray(at, at + Number(archive.readBigUInt64LE(20)));
  archive.writeUInt32LE(crc32(header), 28);
  archive.writeUInt32LE(crc32(archive.subarray(12, headerAt)), 8);
  return archive;
}
writeSevenZip.sealed = sealed;

function startOf(offset: number, size: number): Buffer {
  const start = Buffer.alloc(headerAt);
  signature.copy(start);
  start.writeBigUInt64LE(BigInt(offset), 12);
  start.writeBigUInt64LE(BigInt(size), 20);
  return start;
}

function property(kind: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(kind), numberOf(body.length), body]);
}

/** 7-Zip's NUMBER, always in its nine-byte form where one byte does not do. */
function numberOf(value: number): Buffer {
  if (value < 0x80) return Buffer.of(value);
  const bytes = Buffer.alloc(9, 0xff);
  bytes.writeBigUInt64LE(BigInt(value), 1);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
