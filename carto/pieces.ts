import type { Checkpoint } from '../core/gate-flag.ts';
import { CartoError } from './error.ts';
import { maxPieceBytes, type SourceFile } from './source.ts';

/**
 * The content of a file in pieces of at most 256 KiB, whatever the source hands over; a checkpoint before each. With
 * `into`, a piece is good only until the next is asked for. Throws UNREADABLE when more comes than the source announced:
 * caps were checked against the announced size.
 */
export async function* piecesOf(file: SourceFile, checkpoint: Checkpoint, into?: Buffer): AsyncGenerator<Buffer> {
  await checkpoint();
  let total = 0;
  for await (const piece of file.open(into)) {
    total += piece.length;
    if (total > file.bytes) throw new CartoError('UNREADABLE', 'a file holds more bytes than it was listed with');
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    for (let at = 0; at < bytes.length; at += maxPieceBytes) {
      await checkpoint();
      yield bytes.subarray(at, at + maxPieceBytes);
    }
  }
}

/** A whole file in memory: for those that are small by nature. */
export async function contentOf(file: SourceFile, checkpoint: Checkpoint): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of piecesOf(file, checkpoint)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The first bytes of a file: as many as asked for, or all there are. Stops reading there. */
export async function headOf(file: SourceFile, checkpoint: Checkpoint, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of piecesOf(file, checkpoint)) {
    pieces.push(piece);
    length += piece.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(pieces).subarray(0, bytes);
}

/** Refuses a file that is read as a whole into memory when it is larger than its format explains. */
export function expectAtMost(file: SourceFile, maxBytes: number, kind: string): void {
  if (file.bytes > maxBytes) throw new CartoError('TOO_LARGE', `a file has more than ${maxBytes} bytes`, { kind });
}
