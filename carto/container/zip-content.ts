import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { codeOf } from '../../core/errors.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { maxPieceBytes } from '../source.ts';

/** The plain bytes of deflated ones. `bytes`: what they must come to. */
export function inflated(
  packed: AsyncGenerator<Buffer>,
  packedBytes: number,
  bytes: number,
  checkpoint: Checkpoint,
): AsyncGenerator<Buffer> {
  const isSmall = packedBytes <= maxPieceBytes && bytes <= maxPieceBytes;
  return isSmall ? inflatedAtOnce(packed, bytes) : inflatedInPieces(packed, checkpoint);
}

/** Most files of an export are small: without a stream they are read several times as fast. */
async function* inflatedAtOnce(packed: AsyncGenerator<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of packed) pieces.push(piece);
  try {
    yield inflateRawSync(Buffer.concat(pieces), { maxOutputLength: bytes + 1 });
  } catch (error) {
    throw codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? lied() : damaged(error);
  }
}

async function* inflatedInPieces(packed: AsyncGenerator<Buffer>, checkpoint: Checkpoint): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: maxPieceBytes });
  pipeline(Readable.from(packed, { objectMode: true, highWaterMark: 1 }), inflate, () => {});
  try {
    for await (const piece of inflate) {
      await checkpoint();
      yield piece as Buffer;
    }
  } catch (error) {
    throw damaged(error);
  }
}

/** Passes content on and holds it to what the directory announced. The error comes in place of the last piece's end. */
export async function* verified(
  plain: AsyncGenerator<Buffer>,
  announced: { readonly uncompressedSize: number; readonly crc32: number | undefined },
): AsyncGenerator<Buffer> {
  let bytes = 0;
  let sum = 0;
  for await (const piece of plain) {
    bytes += piece.length;
    if (bytes > announced.uncompressedSize) throw lied();
    if (announced.crc32 !== undefined) sum = crc32(piece, sum);
    yield piece;
  }
  if (bytes !== announced.uncompressedSize) throw lied();
  if (announced.crc32 !== undefined && sum !== announced.crc32) {
    throw new CartoError('UNREADABLE', 'the checksum of an entry does not match its content', { kind: 'zip' });
  }
}

function lied(): CartoError {
  return new CartoError('UNREADABLE', 'an entry does not hold as many bytes as it announced', { kind: 'zip' });
}

/** What zlib says of damage carries its code alone; what is no damage goes on as it is. */
function damaged(error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined || !/^Z_/.test(code)) return error;
  return new CartoError('UNREADABLE', `an entry cannot be unpacked (${code})`, { kind: 'zip' });
}
