import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { eachLine } from '../grammar/line.ts';
import { parseNumber } from '../grammar/number.ts';
import type { SourceFile } from '../source.ts';
import type { CarRow } from '../study.ts';
import { defined, present } from './fields.ts';

const kind = 'car';

/** Columns by position; later versions append some. The first 20 are in every version. */
const columns = {
  pointId: 2,
  x: 4,
  y: 5,
  z: 6,
  unipolar: 10,
  bipolar: 11,
  lat: 12,
  impedance: 13,
  pointType: 14,
  tag: 15,
  catheter: 19,
  windowFrom: 32,
  windowTo: 33,
  reference: 45,
} as const;
const minColumns = 20;

/** The first line: version, blank, and the map's name to the end. */
export const carHeader = /^VERSION_(\d)_(\d) (.*)$/;

/**
 * Reads `_car.txt` of version 4_0, 5_0 or 6_0: the rows by point id. Undefined when the version is another.
 * Throws UNREADABLE for a row that is too short or holds no number where one belongs.
 */
export async function readCar(file: SourceFile, checkpoint: Checkpoint): Promise<Map<number, CarRow> | undefined> {
  const rows = new Map<number, CarRow>();
  let known = false;
  await eachLine(file, checkpoint, kind, (line) => {
    if (line.number === 1) known = isKnownCarVersion(line.text());
    if (line.number === 1 || !known || line.isBlank) return;
    const row = rowOf(line.text().split('\t'), line.number);
    rows.set(row.pointId, row);
  });
  return known ? rows : undefined;
}

export function isKnownCarVersion(firstLine: string): boolean {
  return /^[456]$/.test(carHeader.exec(firstLine)?.[1] ?? '');
}

function rowOf(cells: readonly string[], line: number): CarRow {
  if (cells.length < minColumns) {
    throw new CartoError('UNREADABLE', `a row has ${cells.length} cells, expected at least ${minColumns}`, {
      kind,
      line,
    });
  }
  const value = (column: keyof typeof columns) => numberAt(cells, columns[column], line);
  const [fromMs, toMs] = [present(value('windowFrom')), present(value('windowTo'))];
  return defined({
    pointId: value('pointId') ?? 0,
    positionMm: [value('x') ?? 0, value('y') ?? 0, value('z') ?? 0] as const,
    unipolarMv: present(value('unipolar')),
    bipolarMv: present(value('bipolar')),
    latMs: present(value('lat')),
    impedanceOhm: present(value('impedance')),
    pointType: value('pointType') ?? 0,
    tagId: nonNegative(value('tag')),
    catheterId: nonNegative(value('catheter')),
    window: fromMs === undefined || toMs === undefined ? undefined : { fromMs, toMs },
    referenceSample: present(value('reference')),
  });
}

/** Undefined when the version has no such column. */
function numberAt(cells: readonly string[], column: number, line: number): number | undefined {
  const cell = cells[column];
  if (cell === undefined) return undefined;
  const value = parseNumber(cell.trim());
  if (value === undefined) throw new CartoError('UNREADABLE', `column ${column} is not a number`, { kind, line });
  return value;
}

function nonNegative(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value;
}
