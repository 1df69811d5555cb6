import type { Linkage } from './linkage.ts';
import type { Originals } from './originals.ts';
import type { CodedName } from './rule.ts';
import type { Scheme } from './scheme.ts';
import { coloringNames, formulaNames, isChannel, isConnector, isTemplateName, wordsOf } from './vocabulary.ts';

const nilFormula = '00000000-0000-0000-0000-000000000000';

/** Names that stand for themselves: they belong to the format, or are empty. */
const plain: Readonly<Record<CodedName, (name: string) => boolean>> = {
  study: () => false,
  map: () => false,
  shell: () => false,
  tag: () => false, // one name alone tells nothing: see isDefaultTag
  preset: (name) => name === '' || name === 'NA',
  coloring: (name) => coloringNames.has(name),
  connector: isConnector,
  channel: isChannel,
  formula: (name) => name === '' || formulaNames.has(name),
  'formula-id': (name) => name === nilFormula,
  table: () => false,
  column: () => false, // the writer knows those of documented tables
  template: (name) => name === '' || isTemplateName(name),
};

/**
 * Nobody types a formula's id, and its digits would be taken for numbers; what is typed in the name of an undocumented
 * table is remembered when the desk is laid, without the workstation's digits.
 */
const unremembered: ReadonlySet<CodedName> = new Set(['formula-id', 'table']);

/** What stands around the letters of a code. A formula's id is a number in the form of a GUID. */
const forms: Readonly<Record<Exclude<CodedName, 'formula-id'>, readonly [before: string, behind: string]>> = {
  study: ['Study-', ''],
  map: ['Map-', ''],
  shell: ['Shell-', '.mesh'],
  tag: ['Tag-', ''],
  preset: ['Preset-', ''],
  coloring: ['Coloring-', ''],
  connector: ['DEVICE_', '_CONNECTOR'],
  channel: ['Channel-', ''],
  formula: ['Formula-', ''],
  template: ['Template-', ''],
  table: ['Table-', ''],
  column: ['Column-', ''],
};

/** What a formula's id begins with; twelve digits follow. */
const formulaLead = nilFormula.slice(0, -12);

/** Whether a text has the form of a generated code. */
export function isGeneratedCode(text: string): boolean {
  if (text.startsWith(formulaLead)) return /^\d{12}$/.test(text.slice(formulaLead.length));
  return Object.values(forms).some(([before, behind]) => {
    const letters = text.slice(before.length, text.length - behind.length);
    return /^[a-z]{8}$/.test(letters) && text === before + letters + behind;
  });
}

interface Code {
  readonly kind: CodedName;
  /** As the linkage keeps it. */
  readonly original: string;
  readonly code: string;
}

interface Deps {
  readonly scheme: Pick<Scheme, 'letters' | 'keptName'>;
  readonly originals: Originals;
  /** Codes of an earlier export of the same study. */
  readonly known?: Linkage['codes'] | undefined;
}

/** Generated codes: one per name and study. What is coded is remembered as original, so that the scan looks for it. */
export class Codes {
  readonly #deps: Deps;
  readonly #codes = new Map<string, string>();
  readonly #all: Code[] = [];
  readonly #kept = new Map<string, string>();
  #studyCode: string | undefined;
  #formulas = 0;
  /** Words of the codes, lower case: they belong to the output's vocabulary. */
  readonly words = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
    for (const code of deps.known ?? []) this.#add(code);
  }

  of(kind: CodedName, name: string): string {
    if (plain[kind](name)) return name;
    if (!unremembered.has(kind)) this.#deps.originals.add(name);
    const key = `${kind}\n${name}`;
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const code = this.#codeOf(kind, name.normalize('NFC').trim());
    this.#codes.set(key, code);
    return code;
  }

  /** How many names are known. */
  get size(): number {
    return this.#all.length;
  }

  /** What the linkage keeps: every name that was met, in this export or an earlier one. */
  list(): readonly Code[] {
    return this.#all;
  }

  #codeOf(kind: CodedName, name: string): string {
    const original = this.#deps.scheme.keptName(kind, name);
    const known = this.#kept.get(`${kind}\n${original}`);
    if (known !== undefined) return known;
    const code = this.#fresh(kind, name);
    this.#add({ kind, original, code });
    return code;
  }

  #add({ kind, original, code }: Code): void {
    this.#kept.set(`${kind}\n${original}`, code);
    this.#all.push({ kind, original, code });
    if (kind === 'study') this.#studyCode ??= code;
    if (kind === 'formula-id') this.#formulas++;
    for (const word of wordsOf(code)) this.words.add(word);
  }

  #fresh(kind: CodedName, name: string): string {
    if (kind === 'formula-id') return formulaLead + String(this.#formulas + 1).padStart(12, '0');
    // A study's name holds the time of its export: whatever it is called, it is one study.
    if (kind === 'study') return this.#studyCode ?? this.#unused(kind, '');
    return this.#unused(kind, name);
  }

  /** No two names share a code, and a code contains no word of an original. */
  #unused(kind: Exclude<CodedName, 'formula-id'>, name: string): string {
    for (let tried = 0; tried < 100; tried++) {
      const letters = this.#deps.scheme.letters(kind, name, tried);
      const words = wordsOf(letters);
      if (words.every((word) => !this.words.has(word) && !this.#deps.originals.words.has(word))) {
        return forms[kind].join(letters);
      }
    }
    throw new RangeError('the source of codes repeats itself');
  }
}
