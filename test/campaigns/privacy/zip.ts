import { crc32 } from 'node:zlib';

export interface ZipMore {
  /** At the end of the archive. */
  readonly comment?: Buffer;
  /** In both headers of every entry, under a vendor's id. */
  readonly extra?: Buffer;
  readonly entryComment?: Buffer;
  /** The entries' time, as MS-DOS writes it: (time, date). */
  readonly time?: readonly [number, number];
}

/** A zip with stored entries and whatever stands beside them: what other people's writers do not let one say. */
export function zipOf(files: Readonly<Record<string, Buffer>>, more: ZipMore): Buffer {
  const extra = more.extra ? fieldOf(more.extra) : Buffer.alloc(0);
  const entryComment = more.entryComment ?? Buffer.alloc(0);
  const comment = (more.comment ?? Buffer.alloc(0)).subarray(0, 65_535);
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path, 'utf8');
    const common = commonFields(name, content, extra, more.time ?? [0, 33]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, extra, content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt16LE(entryComment.length, 0);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, tail, name, extra, entryComment]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, directory, end, comment]);
}

/** From *version needed* to the lengths: the same in both headers. */
function commonFields(name: Buffer, content: Buffer, extra: Buffer, [time, date]: readonly [number, number]): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x800, 2); // names are UTF-8
  fields.writeUInt16LE(time, 6);
  fields.writeUInt16LE(date, 8);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(content.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  fields.writeUInt16LE(extra.length, 24);
  return fields;
}

function fieldOf(content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(0x7675, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([head, content]);
}
