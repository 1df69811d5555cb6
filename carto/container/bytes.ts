import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { maxPieceBytes } from '../source.ts';

/** Bytes that can be read anywhere: a file, a part of the spool, a part of another. */
export interface RandomBytes {
  readonly size: number;
  /** Exactly these bytes, or UNREADABLE. The caller may keep and change what it gets; it may lie in `into`, if given. */
  read(at: number, length: number, into?: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

/** The first piece of a file is small, so that looking at its head costs little. */
const headPieceBytes = 16 * 1024;

/** A stretch of bytes in pieces of at most 256 KiB, a checkpoint before each. */
export async function* piecesFrom(
  bytes: RandomBytes,
  from: number,
  length: number,
  checkpoint: Checkpoint,
  into?: Buffer,
): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; ) {
    await checkpoint();
    const piece = await bytes.read(from + at, Math.min(at === 0 ? headPieceBytes : maxPieceBytes, length - at), into);
    at += piece.length;
    yield piece;
  }
}

/** Refuses a stretch that does not lie inside. */
export function expectInside(size: number, at: number, length: number): void {
  if (at >= 0 && length >= 0 && at + length <= size) return;
  throw new CartoError('UNREADABLE', 'a container ends before its content does', { kind: 'container' });
}
