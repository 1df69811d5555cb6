import { CartoError } from '../error.ts';
import type { Line } from '../grammar/line.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import type { ProofColumns } from './proof/prover.ts';
import { TableWriter } from './table-writer.ts';

/** The first line of a track: what it is of, and the version. */
export const trackHeader = /^(Eleclectrode|Electrode|Sensor)_Positions_(\d\.\d)\s*$/;

/** Rewrites a track of electrode or sensor positions: one line of version, then a table. */
export class TrackWriter implements LineWriter {
  readonly #kind: string;
  readonly #table: TableWriter;

  constructor(pen: Pen) {
    this.#kind = pen.kind;
    this.#table = new TableWriter(pen, 'tabs');
  }

  columns(): ProofColumns | undefined {
    return this.#table.columns();
  }

  line(line: Line, out: Passage): void {
    if (line.number > 1) this.#table.line(line, out);
    else this.#header(line, out);
  }

  #header(line: Line, out: Passage): void {
    const [, what, version] = trackHeader.exec(line.text()) ?? [];
    if (version === undefined) {
      throw new CartoError('UNREADABLE', 'the first line is not a track’s', { kind: this.#kind, line: 1 });
    }
    putLine(`${what}_Positions_${version}`, line, out);
  }
}
