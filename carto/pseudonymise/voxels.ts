import type { Checkpoint } from '../../core/gate-flag.ts';
import { readTable } from '../read/table.ts';
import { entriesOf, type Survey } from '../survey.ts';
import type { Counters } from './counters.ts';

/** Distance between a voxel's number along an axis and its coordinate in mm. */
const voxelOffset = 499.5;

/**
 * A grid voxel's id is written like a counter but is its coordinate: `ZZZYYYXXX`. Where that is true of a row, number
 * by number, the id says nothing that the coordinates do not say, and stays; any other id is mapped like a counter.
 */
export async function proveVoxels(survey: Survey, counters: Counters, checkpoint: Checkpoint): Promise<void> {
  for (const { file } of entriesOf(survey, 'grids')) {
    const grid = await readTable({ file, kind: 'grids', checkpoint, style: 'blanks', required: [] });
    const [ids, x, y, z] = ['UniqID', 'X', 'Y', 'Z'].map((name) => grid.column(name));
    for (let row = 0; row < grid.rows; row++) {
      const id = ids?.[row] ?? Number.NaN;
      if (id === voxelId(x?.[row], y?.[row], z?.[row])) counters.prove('voxel', id);
    }
  }
}

/** The id that a coordinate (mm) has; undefined for what lies outside the grid or between voxels. */
export function voxelId(x = Number.NaN, y = Number.NaN, z = Number.NaN): number | undefined {
  const parts = [z, y, x].map((coordinate) => coordinate + voxelOffset);
  if (!parts.every((part) => Number.isInteger(part) && part >= 0 && part < 1000)) return undefined;
  return parts.reduce((id, part) => id * 1000 + part, 0);
}
