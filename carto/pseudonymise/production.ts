import type { Checkpoint } from '../../core/gate-flag.ts';
import { maxPieceBytes, type SourceFile } from '../source.ts';
import type { Pen } from './pen.ts';
import { Proved } from './proof/prover.ts';
import type { OutputScan } from './scan.ts';
import type { Treatment } from './treatment.ts';

export interface Production {
  readonly treatment: Treatment;
  readonly pen: Pen;
  readonly file: SourceFile;
  /** The file's new path. */
  readonly path: string;
  readonly transient: boolean;
  readonly checkpoint: Checkpoint;
  /** Of this file alone; undefined where nothing is searched. */
  readonly scan: OutputScan | undefined;
}

/** One file as it leaves, in pieces of at most 256 KiB, each scanned before it is handed over. */
export async function* produce({
  treatment,
  pen,
  file,
  path,
  transient,
  checkpoint,
  scan,
}: Production): AsyncGenerator<Uint8Array> {
  for await (const written of treatment.write({ file, pen, checkpoint, path })) {
    const proved = written instanceof Proved ? written : undefined;
    const bytes = proved?.bytes ?? (written as Buffer);
    if (proved) scan?.pass(bytes, proved.lines);
    for (let at = 0; at < bytes.length; at += maxPieceBytes) {
      await checkpoint();
      const piece = bytes.subarray(at, at + maxPieceBytes);
      if (!proved) scan?.feed(piece);
      yield proved && !transient ? Buffer.from(piece) : piece;
    }
  }
  scan?.end();
}
