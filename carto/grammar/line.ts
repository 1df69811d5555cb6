import type { Checkpoint } from '../../core/gate-flag.ts';
import { decodeText, textStart } from '../decode.ts';
import { CartoError } from '../error.ts';
import { piecesOf } from '../pieces.ts';
import type { SourceFile } from '../source.ts';

const lineFeed = 10;
const carriageReturn = 13;
const blank = 32;
const tab = 9;

/** No format here has longer lines; without a cap a file without line ends would fill the memory. */
const maxLineBytes = 1 << 20;

/** A place in a block of lines, moved from line to line; nothing is allocated per line. */
export class Line {
  block: Buffer = Buffer.alloc(0);
  /** First byte of the line. */
  start = 0;
  /** Behind its last byte, line end not counted. */
  end = 0;
  /** First byte of the line that follows. */
  next = 0;
  /** From 1, over the whole file. */
  number = 0;

  begin(block: Buffer): void {
    this.block = block;
    this.start = 0;
    this.next = 0;
  }

  /** Moves on; false when the block is used up. */
  advance(): boolean {
    if (this.next >= this.block.length) return false;
    this.start = this.next;
    const feed = this.block.indexOf(lineFeed, this.start);
    this.end = feed < 0 ? this.block.length : feed;
    this.next = feed < 0 ? this.block.length : feed + 1;
    if (this.end > this.start && this.block[this.end - 1] === carriageReturn) this.end--;
    this.number++;
    return true;
  }

  /** Passes over the rest of the block, which is so many lines. */
  skip(lines: number): void {
    this.next = this.block.length;
    this.number += lines;
  }

  get isBlank(): boolean {
    for (let at = this.start; at < this.end; at++) if (this.block[at] !== blank && this.block[at] !== tab) return false;
    return true;
  }

  startsWith(character: string): boolean {
    return this.end > this.start && this.block[this.start] === character.charCodeAt(0);
  }

  text(): string {
    return decodeText(this.block.subarray(this.start, this.end));
  }
}

/**
 * A file in blocks of whole lines, each of at most 256 KiB and one line. The last line may lack its end. A byte order mark
 * is no part of the first line; UTF-16 is refused.
 */
export async function* blocksOf(file: SourceFile, checkpoint: Checkpoint, kind: string): AsyncGenerator<Buffer> {
  let isFirst = true;
  const block = (bytes: Buffer): Buffer => {
    const whole = isFirst ? textStart(bytes, kind) : bytes;
    isFirst = false;
    return whole;
  };
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const piece of piecesOf(file, checkpoint)) {
    // Only the line that two pieces share is put together; what lies between stays where it was read.
    const from = rest.length === 0 ? 0 : piece.indexOf(lineFeed) + 1;
    const to = piece.lastIndexOf(lineFeed) + 1;
    if (from > 0) {
      yield block(Buffer.concat([...rest, piece.subarray(0, from)]));
      rest = [];
      restBytes = 0;
    }
    if (to > from) yield block(piece.subarray(from, to));
    if (to === piece.length) continue;
    rest.push(piece.subarray(to));
    restBytes += piece.length - to;
    if (restBytes > maxLineBytes) throw new CartoError('UNREADABLE', 'a line does not end', { kind });
  }
  if (rest.length > 0) yield block(Buffer.concat(rest));
}

/** Visits each line of a file; resolves to the number of lines. */
export async function eachLine(
  file: SourceFile,
  checkpoint: Checkpoint,
  kind: string,
  visit: (line: Line) => void,
): Promise<number> {
  const line = new Line();
  for await (const block of blocksOf(file, checkpoint, kind)) {
    for (line.begin(block); line.advance(); ) visit(line);
  }
  return line.number;
}
