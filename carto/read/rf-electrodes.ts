import type { RfElectrode } from '../study.ts';
import type { NumericTable } from '../table.ts';

/**
 * What the columns of an RF file are called, generation by generation; the electrode's number follows the name. Older
 * files have fewer columns and no numbers (A7), so they are found by name, never by place.
 */
const columns = {
  timesMs: ['AblTime', 'AblationTime'],
  powerW: ['Power'],
  impedanceOhm: ['Impedance'],
  distalC: ['DistalTemperature', 'Temperature', 'Temp'],
  proximalC: ['ProximalTemperature'],
} as const;

const timeNames: ReadonlySet<string> = new Set(['piutimestamp', 'timestamp', 'time']);

/** The column with the study clock; undefined when the file has none. */
export function rfTimeColumn(names: readonly string[]): string | undefined {
  return names.find((name) => timeNames.has(name.toLowerCase()));
}

/** The generator's columns, electrode by electrode; a column without a number belongs to the first one. */
export function electrodesOf(table: NumericTable): RfElectrode[] {
  const byNumber = new Map<number, { number: number } & Partial<Record<keyof typeof columns, Float64Array>>>();
  for (const column of table.columns) {
    const [, name = '', digits] = /^([A-Za-z]+?)(\d{0,3})$/.exec(column) ?? [];
    const what = quantityOf(name);
    const values = table.column(column);
    if (!what || !values) continue;
    const number = digits ? Number(digits) : 1;
    const electrode = byNumber.get(number) ?? { number };
    electrode[what] ??= values;
    byNumber.set(number, electrode);
  }
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

function quantityOf(name: string): keyof typeof columns | undefined {
  for (const [what, names] of Object.entries(columns)) {
    if (names.some((one) => one.toLowerCase() === name.toLowerCase())) return what as keyof typeof columns;
  }
  return undefined;
}
