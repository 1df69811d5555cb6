import type { Checkpoint } from '../../core/gate-flag.ts';
import { eachLine } from '../grammar/line.ts';
import { TableGrammar } from '../grammar/table.ts';
import { entriesOf, type Survey } from '../survey.ts';
import type { Counters } from './counters.ts';

const kind = 'grids';

/** Distance between a voxel's number along an axis and its coordinate in mm. */
const voxelOffset = 499.5;

/**
 * A grid voxel's id is written like a counter but is its coordinate: `ZZZYYYXXX`. Where that is true of a row, number
 * by number, the id says nothing that the coordinates do not say, and stays; any other id is mapped like a counter.
 */
export async function proveVoxels(survey: Survey, counters: Counters, checkpoint: Checkpoint): Promise<void> {
  for (const { file } of entriesOf(survey, kind)) {
    const grammar = new TableGrammar(kind, 'blanks');
    const numberOf = (column: string) => {
      const at = grammar.indexOf(column);
      return at < 0 ? undefined : grammar.row.number(at);
    };
    await eachLine(file, checkpoint, kind, (line) => {
      if (grammar.line(line) !== 'row') return;
      const id = voxelId(numberOf('X'), numberOf('Y'), numberOf('Z'));
      if (id !== undefined && id === numberOf('UniqID')) counters.prove('voxel', id);
    });
  }
}

/** The id that a coordinate (mm) has; undefined for what lies outside the grid or between voxels. */
export function voxelId(x = Number.NaN, y = Number.NaN, z = Number.NaN): number | undefined {
  const parts = [z, y, x].map((coordinate) => coordinate + voxelOffset);
  if (!parts.every((part) => Number.isInteger(part) && part >= 0 && part < 1000)) return undefined;
  return parts.reduce((id, part) => id * 1000 + part, 0);
}
