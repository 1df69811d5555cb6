import type { Checkpoint } from '../../core/gate-flag.ts';
import { blocksOf, Line } from '../grammar/line.ts';
import type { SourceFile } from '../source.ts';
import { Passage } from './passage.ts';

/** Rewrites one file line by line. Throws UNREADABLE where the file breaks its grammar. */
export interface LineWriter {
  line(line: Line, out: Passage): void;
  /** After the last line. */
  end?(lines: number, out: Passage): void;
}

/** The rewritten file, a block at a time; memory stays flat whatever its size. */
export async function* rewriteLines(
  file: SourceFile,
  kind: string,
  checkpoint: Checkpoint,
  writer: LineWriter,
): AsyncGenerator<Buffer> {
  const passage = new Passage();
  const line = new Line();
  for await (const block of blocksOf(file, checkpoint, kind)) {
    passage.begin(block);
    for (line.begin(block); line.advance(); ) writer.line(line, passage);
    yield passage.take();
  }
  passage.begin(Buffer.alloc(0));
  writer.end?.(line.number, passage);
  yield passage.take();
}

/** Puts generated text as a line, with the line end that the source has there. */
export function putLine(text: string, line: Line, out: Passage): void {
  out.put(text);
  out.pass(line.end, line.next);
}
