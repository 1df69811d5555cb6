import type { VisiTagKind } from '../files.ts';
import { expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';
import type { AblationSite, SettingsBlock, VisiTag } from '../study.ts';
import { entriesOf } from '../survey.ts';
import { joinTables, type NumericTable } from '../table.ts';
import { defined } from './fields.ts';
import { readFormulas } from './formulas.ts';
import type { Reading } from './reading.ts';
import { readSessions } from './sessions.ts';
import { readSettings } from './settings.ts';
import { readTable, readTables, rowsOf, type TableFile } from './table.ts';

/**
 * Reads what VisiTag exported; undefined when it exported nothing. The QDOT variant of a table is the same table: its
 * rows follow the usual one's.
 */
export async function readVisiTag(reading: Reading): Promise<VisiTag | undefined> {
  const reader = new VisiTagReader(reading);
  return reader.isEmpty ? undefined : reader.read();
}

/** Some hundred bytes per lesion, each of which becomes an object. */
const maxSitesBytes = 16 * 2 ** 20;

class VisiTagReader {
  readonly #reading: Reading;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  get isEmpty(): boolean {
    const { entries } = this.#reading.survey;
    return entries.every(({ identity }) => !('variant' in identity) && identity.kind !== 'fpti-formulas');
  }

  async read(): Promise<VisiTag> {
    const { checkpoint } = this.#reading;
    return {
      sites: await this.#sites(),
      sessions: await this.#each('visitag-sessions', (file) => readSessions(file, checkpoint)),
      ...defined({
        ablationData: await this.#table('ablation-data', ['TimeStamp', 'Session', 'Impedance', 'Power']),
        contactForceData: await this.#table('contact-force-data', ['Time', 'Session', 'Force']),
        grids: await this.#table('grids', ['UniqID', 'X', 'Y', 'Z']),
        adjustedPositions: await this.#table('adjusted-positions', ['TimeStamp', 'X', 'Y', 'Z']),
        endExpiriums: await this.#table('end-expiriums', ['TimeStamp', 'X', 'Y', 'Z']),
      }),
      presets: await this.#settings('visitag-presets'),
      settings: await this.#settings('visitag-settings'),
      display: await this.#settings('visitag-display'),
      formulas: await this.#each('fpti-formulas', (file) => readFormulas(file, checkpoint)),
      loadRawPositions: () => readTables(this.#files('raw-positions')),
      loadPositionsData: () => readTables(this.#files('positions-data')),
      loadAllPositionsInGrids: () => readTables(this.#files('all-positions-in-grids')),
      rowsOf: (table) => rowsOfEach(this.#files(table)),
    };
  }

  async #sites(): Promise<AblationSite[]> {
    const spans = new Map<string, Partial<AblationSite>>();
    for (const table of await this.#tables('ablation-sites', [])) {
      for (let row = 0; row < table.rows; row++) spans.set(siteKey(table, row), spanAt(table, row));
    }
    const sites = await this.#tables('sites', siteColumns);
    return sites.flatMap((table) =>
      Array.from({ length: table.rows }, (_, row) => ({ ...siteAt(table, row), ...spans.get(siteKey(table, row)) })),
    );
  }

  #settings(kind: VisiTagKind): Promise<SettingsBlock[]> {
    return this.#each(kind, (file) => readSettings(file, kind, this.#reading.checkpoint));
  }

  async #table(kind: VisiTagKind, required: readonly string[]): Promise<NumericTable | undefined> {
    return joinTables(await this.#tables(kind, required));
  }

  async #tables(kind: VisiTagKind, required: readonly string[]): Promise<NumericTable[]> {
    const tables: NumericTable[] = [];
    for (const file of this.#files(kind, required)) {
      const table = await this.#reading.attempt(kind, async () => {
        if (kind === 'sites' || kind === 'ablation-sites') expectAtMost(file.file, maxSitesBytes, kind);
        return readTable(file);
      });
      if (table) tables.push(table);
    }
    return tables;
  }

  #files(kind: VisiTagKind, required: readonly string[] = []): TableFile[] {
    const { survey, checkpoint } = this.#reading;
    return entriesOf(survey, kind).map(({ file }) => ({ file, kind, checkpoint, style: 'blanks', required }));
  }

  async #each<T>(kind: VisiTagKind | 'fpti-formulas', read: (file: SourceFile) => Promise<T[]>): Promise<T[]> {
    const found: T[] = [];
    for (const { file } of entriesOf(this.#reading.survey, kind)) {
      for (const one of (await this.#reading.attempt(kind, () => read(file))) ?? []) found.push(one);
    }
    return found;
  }
}

async function* rowsOfEach(files: readonly TableFile[]): AsyncGenerator<NumericTable> {
  for (const file of files) yield* rowsOf(file);
}

/** Columns that every generation of the table has. */
const siteColumns = ['Session', 'SiteIndex', 'X', 'Y', 'Z', 'DurationTime', 'AverageForce', 'FTI'];

function siteKey(table: NumericTable, row: number): string {
  return ['Session', 'ChannelID', 'SiteIndex'].map((name) => at(table, name, row)).join(' ');
}

function siteAt(table: NumericTable, row: number): AblationSite {
  const value = (name: string) => at(table, name, row) ?? Number.NaN;
  return {
    session: value('Session'),
    channel: value('ChannelID'),
    siteIndex: value('SiteIndex'),
    positionMm: [value('X'), value('Y'), value('Z')],
    durationS: value('DurationTime'),
    averageForceG: value('AverageForce'),
    maxTemperatureC: value('MaxTemperature'),
    maxPowerW: value('MaxPower'),
    baseImpedanceOhm: value('BaseImpedance'),
    impedanceDropOhm: value('ImpedanceDrop'),
    ftiGs: value('FTI'),
    ...defined({ rfIndex: at(table, 'RFIndex', row), tagIndexStatus: at(table, 'TagIndexStatus', row) }),
  };
}

function spanAt(table: NumericTable, row: number): Partial<AblationSite> {
  return defined({
    firstStudyMs: at(table, 'FirstPosTimeStamp', row),
    firstPassedStudyMs: at(table, 'FirstPosPassedFilterTimeStamp', row),
    lastStudyMs: at(table, 'LastPosTimeStamp', row),
  });
}

/** Undefined for a missing value and for a column that this generation does not have. */
function at(table: NumericTable, name: string, row: number): number | undefined {
  const value = table.column(name)?.[row];
  return value === undefined || Number.isNaN(value) ? undefined : value;
}
