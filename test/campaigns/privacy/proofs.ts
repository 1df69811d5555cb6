import { CartoError, pseudonymise } from '../../../carto/index.ts';
import type { Rules } from '../../../carto/pseudonymise/rule.ts';
import { rules } from '../../../carto/pseudonymise/rules.ts';
import { transform } from '../../../carto/pseudonymise/transform.ts';
import { collect, memorySource } from '../../../carto/testing/memory-source.ts';
import { tinyExport } from '../../../carto/testing/tiny-export.ts';
import { passAlways } from '../../../core/gate-flag.ts';
import { Dice } from '../../harness/random.ts';
import { fields, filesOf } from './fields.ts';
import { Hunt } from './hunt.ts';
import { drawIdentifier, type Identifier } from './identifiers.ts';

const site = { profile: 'pseudonymised', siteKey: Buffer.alloc(32, 9) } as const;

/** Rules that are switched off one by one, with the field in which a name then goes through. */
const switchedOff: readonly (readonly [kind: string, rule: string, field: string])[] = [
  ['file-name', 'map', 'name first'],
  ['study', 'Study@name', 'name study'],
  ['study', 'Map@Name', 'name second'],
  ['study', 'Tag@Full_Name', 'name fullTag'],
  ['car', 'map', 'name first'],
  ['mesh', 'MeshName', 'mesh MeshName'],
  ['ecg', 'channel', 'ecg channel'],
  ['point', 'WOI@Operator', 'xml attribute'],
  ['visitag-sessions', 'Comment', 'name comment'],
  ['visitag-settings', 'Operator', 'settings operator'],
];

export interface SwitchedOff {
  readonly rule: string;
  /** With the scan on, the case was held; with the scan off too, the search found the leak. */
  readonly held: boolean;
  readonly found: boolean;
}

export async function proveSwitchedOff(seed: number): Promise<SwitchedOff[]> {
  const dice = new Dice(seed);
  const results: SwitchedOff[] = [];
  for (const [kind, rule, name] of switchedOff) {
    const field = fields.find((one) => one.name === name);
    const identifier = drawName(dice);
    const planting = field?.plant({ names: {}, edits: [] }, Buffer.from(identifier.typed));
    if (!planting) throw new Error(`there is no field ${name}`);
    const source = memorySource(filesOf(planting));
    const off: Rules = { ...rules, [kind]: { ...rules[kind], [rule]: { do: 'keep', as: anything } } };
    const written = async (scan: boolean) =>
      collect((await transform(source, passAlways, { ...site, rules: off, scan })).files);
    const hunt = new Hunt(identifier.secrets);
    const leak = Object.entries(await written(false)).some(
      ([path, bytes]) => hunt.in(Buffer.from(path)).size + hunt.in(bytes).size > 0,
    );
    results.push({ rule: `${kind} ${rule}`, found: leak, held: await isHeld(() => written(true)) });
  }
  return results;
}

/** A rule that keeps anything keeps ASCII alone. */
function drawName(dice: Dice): Identifier {
  for (;;) {
    const identifier = drawIdentifier(dice, 'name');
    if (/^[ -~]+$/.test(identifier.typed)) return identifier;
  }
}

const anything = { name: 'anything', allows: () => true };

async function isHeld(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof CartoError && error.code === 'PHI_SUSPECTED') return true;
    throw error;
  }
}

/** What `pseudonymise` says that it cannot tell, each as a digit or word in a place that takes it. */
// biome-ignore format: the columns are the documentation
const limits: readonly (readonly [name: string, path: RegExp, from: string, draw: (dice: Dice) => string])[] = [
  ['nine digits as a time stamp',         /^RF_/,                 '700100',    (dice) => `${1e8 + dice.below(9e8)}`],
  ['six digits as the id of a point',     /_P7_Point_Export/,     'ID="7"',    (dice) => `ID="${1e5 + dice.below(9e5)}"`],
  ['six digits as a sample of a signal',  /_P1_ECG_Export/,       '12345',     (dice) => `${1e5 + dice.below(9e5)}`],
  ['five digits as a measure',            /Sites\.txt/,           '401.125',   (dice) => `${1e4 + dice.below(9e4)}`],
  ['digits behind a decimal point',       /\d-LA\.mesh$/,         '1.375',     (dice) => `1.${1e8 + dice.below(9e8)}`],
  ['seven digits as a duration in ms',    /^RF_/,                 '     100\t', (dice) => `${1e6 + dice.below(2.6e6)}\t`],
  ['a lead as the name of a channel',     /_ECG_Export_650000/,   'RV Probe',  (dice) => dice.pick(['RA', 'LL', 'V1'])],
];

export interface LimitReport {
  readonly limit: string;
  readonly cases: number;
  /** How often it went on, typed nowhere else; and how often the case was held when it was typed as a comment too. */
  readonly passed: number;
  readonly heldWhenTyped: number;
}

/** Shows the documented limits as they are: nothing of this kind is planted in the campaign's cases. */
export async function showLimits(seed: number, cases: number): Promise<LimitReport[]> {
  const dice = new Dice(seed);
  const reports: LimitReport[] = [];
  for (const [limit, path, from, draw] of limits) {
    let [passed, heldWhenTyped] = [0, 0];
    for (let n = 0; n < cases; n++) {
      const text = draw(dice);
      const typed = text.replaceAll(/^\D+|\D+$|^1\./g, '');
      if (!(await isHeld(() => emitted(edited(path, from, text))))) passed++;
      if (typed !== '' && (await isHeld(() => emitted(edited(path, from, text, `no. ${typed}`))))) heldWhenTyped++;
    }
    reports.push({ limit, cases, passed, heldWhenTyped });
  }
  return reports;
}

function edited(path: RegExp, from: string, to: string, comment = 'NA'): Record<string, Buffer> {
  const files = Object.entries(tinyExport({ comment })).map(([name, content]) => {
    const text = Buffer.from(content).toString('latin1');
    return [name, Buffer.from(path.test(name) ? text.replace(from, to) : text, 'latin1')] as const;
  });
  return Object.fromEntries(files);
}

async function emitted(files: Record<string, Buffer>): Promise<Record<string, Buffer>> {
  return collect((await pseudonymise(memorySource(files), passAlways, site)).files);
}
