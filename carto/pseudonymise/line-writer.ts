import type { Checkpoint } from '../../core/gate-flag.ts';
import { blocksOf, Line } from '../grammar/line.ts';
import type { SourceFile } from '../source.ts';
import { Passage } from './passage.ts';
import type { ProofColumns, Proved, Prover } from './proof/prover.ts';

/** Rewrites one file line by line. Throws UNREADABLE where the file breaks its grammar. */
export interface LineWriter {
  line(line: Line, out: Passage): void;
  /** What all lines from here on are, unless one is out of the ordinary; undefined while that is not known. */
  columns?(): ProofColumns | undefined;
  /** After the last line. */
  end?(lines: number, out: Passage): void;
}

export interface RewriteOrder {
  readonly file: SourceFile;
  readonly kind: string;
  readonly checkpoint: Checkpoint;
  readonly prover: Pick<Prover, 'prove'> | undefined;
}

/**
 * The rewritten file, a block at a time; memory stays flat whatever its size. Lines of a table are proved together where
 * nothing is out of the ordinary, and then go on as they are; everything else is written line by line.
 */
export async function* rewriteLines(order: RewriteOrder, writer: LineWriter): AsyncGenerator<Buffer | Proved> {
  const passage = new Passage();
  const line = new Line();
  for await (const block of blocksOf(order.file, order.checkpoint, order.kind)) {
    passage.begin(block);
    line.begin(block);
    for (let tried = false; ; ) {
      const columns = tried ? undefined : writer.columns?.();
      if (columns !== undefined) {
        tried = true;
        const proved = order.prover?.prove(block.subarray(line.next), columns);
        if (proved !== undefined) {
          const written = passage.take();
          if (written.length > 0) yield written;
          line.skip(proved.lines);
          yield proved;
          passage.begin(noBytes);
        }
      }
      if (!line.advance()) break;
      writer.line(line, passage);
    }
    yield passage.take();
  }
  passage.begin(noBytes);
  writer.end?.(line.number, passage);
  yield passage.take();
}

const noBytes = Buffer.alloc(0);

/** Puts generated text as a line, with the line end that the source has there. */
export function putLine(text: string, line: Line, out: Passage): void {
  out.put(text);
  out.pass(line.end, line.next);
}
