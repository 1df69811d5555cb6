import type { Checkpoint } from '../../core/gate-flag.ts';
import type { VisiTagKind } from '../files.ts';
import type { AblationSite, SettingsBlock, VisiTag } from '../study.ts';
import { entriesOf, type Survey } from '../survey.ts';
import type { NumericTable } from '../table.ts';
import { defined } from './fields.ts';
import { readFormulas } from './formulas.ts';
import { readSessions } from './sessions.ts';
import { readSettings } from './settings.ts';
import { readTable } from './table.ts';

/** Reads what VisiTag exported; undefined when it exported nothing. QDOT variants of a table follow the usual one. */
export async function readVisiTag(survey: Survey, checkpoint: Checkpoint): Promise<VisiTag | undefined> {
  const reader = new VisiTagReader(survey, checkpoint);
  return reader.isEmpty ? undefined : reader.read();
}

class VisiTagReader {
  readonly #survey: Survey;
  readonly #checkpoint: Checkpoint;

  constructor(survey: Survey, checkpoint: Checkpoint) {
    this.#survey = survey;
    this.#checkpoint = checkpoint;
  }

  get isEmpty(): boolean {
    return this.#survey.entries.every(({ identity }) => !('variant' in identity) && identity.kind !== 'fpti-formulas');
  }

  async read(): Promise<VisiTag> {
    return {
      sites: await this.#sites(),
      sessions: await this.#each('visitag-sessions', (file) => readSessions(file, this.#checkpoint)),
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
      formulas: await this.#formulas(),
      loadRawPositions: () => this.#table('raw-positions', []),
      loadPositionsData: () => this.#table('positions-data', []),
      loadAllPositionsInGrids: () => this.#table('all-positions-in-grids', []),
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
    return this.#each(kind, (file) => readSettings(file, kind, this.#checkpoint));
  }

  async #formulas(): Promise<VisiTag['formulas']> {
    const [entry] = entriesOf(this.#survey, 'fpti-formulas');
    return entry ? readFormulas(entry.file, this.#checkpoint) : [];
  }

  async #table(kind: VisiTagKind, required: readonly string[]): Promise<NumericTable | undefined> {
    const tables = await this.#tables(kind, required);
    return tables.find((table) => table.rows > 0) ?? tables[0];
  }

  #tables(kind: VisiTagKind, required: readonly string[]): Promise<NumericTable[]> {
    const checkpoint = this.#checkpoint;
    return this.#each(kind, async (file) => [await readTable({ file, kind, checkpoint, style: 'blanks', required })]);
  }

  async #each<T>(kind: VisiTagKind, read: (file: Parameters<typeof readSessions>[0]) => Promise<T[]>): Promise<T[]> {
    const found: T[] = [];
    for (const { file } of entriesOf(this.#survey, kind)) found.push(...(await read(file)));
    return found;
  }
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
