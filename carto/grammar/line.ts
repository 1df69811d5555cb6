import type { Checkpoint } from '../../core/gate-flag.ts';
import { decodeText, textStart } from '../decode.ts';
import { CartoError } from '../error.ts';
import { piecesOf } from '../pieces.ts';
import { maxPieceBytes, type SourceFile } from '../source.ts';

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

/** Room before a piece, for the line that the piece before it began. */
const leadBytes = 1 << 16;
/** Buffers that are used again: a study has thousands of files, and fresh memory for each piece costs more than reading. */
const spares: Buffer[] = [];
const maxSpares = 4;

/**
 * A file in blocks of whole lines, each of at most 256 KiB and one line, good until the next is asked for. The last line
 * may lack its end. A byte order mark is no part of the first line; UTF-16 is refused.
 */
export async function* blocksOf(file: SourceFile, checkpoint: Checkpoint, kind: string): AsyncGenerator<Buffer> {
  const space = spares.pop() ?? Buffer.allocUnsafeSlow(leadBytes + maxPieceBytes);
  try {
    let isFirst = true;
    for await (const whole of wholeLines(file, checkpoint, kind, space)) {
      yield isFirst ? textStart(whole, kind) : whole;
      isFirst = false;
    }
  } finally {
    if (spares.length < maxSpares) spares.push(space);
  }
}

/** Pieces are read behind the lead; what is left of a line is put right before the next one. */
async function* wholeLines(
  file: SourceFile,
  checkpoint: Checkpoint,
  kind: string,
  space: Buffer,
): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const piece of piecesOf(file, checkpoint, space.subarray(leadBytes))) {
    const cut = piece.lastIndexOf(lineFeed) + 1;
    if (cut > 0) {
      yield joined(rest, piece.subarray(0, cut), space);
      rest = [];
      restBytes = 0;
    }
    if (cut === piece.length) continue;
    restBytes += piece.length - cut;
    if (restBytes > maxLineBytes) throw new CartoError('UNREADABLE', 'a line does not end', { kind });
    rest.push(kept(piece.subarray(cut), rest.length === 0, space));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

/** A copy, since the next piece may be read over it: right before that one, where there is room. */
function kept(rest: Buffer, isFirst: boolean, space: Buffer): Buffer {
  if (!isFirst || rest.length > leadBytes) return Buffer.from(rest);
  const from = leadBytes - rest.length;
  rest.copy(space, from);
  return space.subarray(from, leadBytes);
}

/** The line that pieces share and what follows: without a copy where the two lie side by side already. */
function joined(rest: readonly Buffer[], head: Buffer, space: Buffer): Buffer {
  const [first] = rest;
  if (first === undefined) return head;
  const lie = (one: Buffer) => one.buffer === space.buffer && one.byteOffset - space.byteOffset;
  const [from, to] = [lie(first), lie(head)];
  if (rest.length > 1 || from === false || to !== leadBytes) return Buffer.concat([...rest, head]);
  return space.subarray(from, to + head.length);
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
