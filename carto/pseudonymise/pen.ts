import { type FileClassifier, type FileIdentity, filePath } from '../files.ts';
import type { Bounds } from '../grammar/bounds.ts';
import { parseNumber } from '../grammar/number.ts';
import { meshFileNames } from '../read/study-xml.ts';
import type { Warnings } from '../warnings.ts';
import { formatDay, parseDay } from './calendar.ts';
import type { Codes } from './codes.ts';
import type { Counters } from './counters.ts';
import type { Originals } from './originals.ts';
import type { Prover } from './proof/prover.ts';
import { type CounterName, type Rule, type Rules, ruleFor } from './rule.ts';
import type { FieldOf, RuledKind } from './rules.ts';
import type { Scheme } from './scheme.ts';

/** What all writers of one study share. */
export interface Desk {
  readonly rules: Rules;
  readonly scheme: Scheme;
  readonly codes: Codes;
  readonly counters: Counters;
  /** Undefined: every line goes the slow way. */
  readonly prover: Pick<Prover, 'prove'> | undefined;
  readonly originals: Originals;
  readonly warnings: Warnings;
  readonly classifier: FileClassifier;
  readonly studyName: string;
}

const maxKnownRules = 200;

/** What was looked up for one kind of file: all pens of one desk share that, a study has thousands. */
function knownRules(desk: Desk, kind: RuledKind): Map<string, Rule | undefined> {
  const ofDesk = known.get(desk) ?? new Map<RuledKind, Map<string, Rule | undefined>>();
  known.set(desk, ofDesk);
  const ofKind = ofDesk.get(kind) ?? new Map<string, Rule | undefined>();
  ofDesk.set(kind, ofKind);
  return ofKind;
}

const known = new WeakMap<Desk, Map<RuledKind, Map<string, Rule | undefined>>>();

/**
 * Writes the fields of one kind of file by its rules. A writer that names its fields names those of the table, or does
 * not compile; fields that are found in a source (columns, keys, elements) go through `writeFound`.
 */
export class Pen<Kind extends RuledKind = RuledKind> {
  readonly kind: Kind;
  readonly desk: Desk;
  readonly #rules: Map<string, Rule | undefined>;

  constructor(desk: Desk, kind: Kind) {
    this.desk = desk;
    this.kind = kind;
    this.#rules = knownRules(desk, kind);
  }

  /** This pen, for a writer of one kind. Throws RangeError when it is another's. */
  as<Own extends RuledKind>(kind: Own): Pen<Own> {
    if ((this.kind as RuledKind) !== kind) throw new RangeError(`the pen is of ${this.kind}, not of ${kind}`);
    return this as unknown as Pen<Own>;
  }

  ruleOf(field: string): Rule | undefined {
    const known = this.#rules.get(field);
    if (known !== undefined || this.#rules.has(field)) return known;
    const rule = ruleFor(this.desk.rules[this.kind], field);
    // A format has some dozen fields; a made-up file may have any number.
    if (this.#rules.size < maxKnownRules) this.#rules.set(field, rule);
    return rule;
  }

  /** The bounds of a field of numbers that is kept; undefined for any other. */
  boundsOf(field: FieldOf<Kind>): Bounds | undefined {
    return this.boundsOfFound(field);
  }

  /** The same for a field that the source names. */
  boundsOfFound(field: string): Bounds | undefined {
    const rule = this.ruleOf(field);
    return rule?.do === 'keep' ? rule.as.bounds : undefined;
  }

  /** What stands in the output for a value; undefined when nothing does. Pure text in, pure text out. */
  write(field: FieldOf<Kind>, value: string): string | undefined {
    return this.writeFound(field, value);
  }

  /** The same for a field that the source names: undefined when no rule does. */
  writeFound(field: string, value: string): string | undefined {
    const rule = this.ruleOf(field);
    if (!rule) return undefined;
    const { codes, originals, scheme, warnings } = this.desk;
    switch (rule.do) {
      case 'drop':
        if (rule.typed) originals.add(value);
        return undefined;
      case 'code':
        return codes.of(rule.as, value);
      case 'keep':
        // Blanks of other alphabets would pass as blanks.
        if (rule.as.allows(value) && isAscii(value)) return value;
        break;
      case 'map': {
        const mapped = this.#mapEach(rule.as, value, rule.list === true);
        if (mapped !== undefined) return mapped;
        break;
      }
      case 'shift': {
        const day = parseDay(value);
        if (day) return formatDay(scheme.day(day));
        break;
      }
      case 'refer': {
        const renamed = this.refer(value);
        if (renamed !== undefined) return renamed;
        break;
      }
    }
    warnings.add('odd-value', this.kind);
    return undefined;
  }

  /** Where a file of the export goes; undefined for what stays behind. */
  pathOf(identity: FileIdentity): string | undefined {
    return filePath(identity, {
      study: this.namePart('study', this.desk.studyName),
      map: (name) => this.namePart('map', name),
      shell: (name) => this.namePart('shell', name),
      connector: (name) => this.namePart('connector', name),
      template: (name) => this.namePart('template', name),
      table: (name) => this.namePart('table', name),
    });
  }

  /** The new name of a file that is referred to, whether it was exported or not; one or several names. */
  refer(reference: string): string | undefined {
    const renamed = meshFileNames(reference).map((name) => this.pathOf(this.desk.classifier.identify(name)));
    return renamed.every((name) => name !== undefined) ? renamed.join(' ') : undefined;
  }

  /** A part of a file name that people typed. */
  namePart(part: FieldOf<'file-name'>, name: string): string {
    return new Pen(this.desk, 'file-name').write(part, name) ?? '';
  }

  /** One integer, or in a list any number of them with white space between them. */
  #mapEach(counter: CounterName, value: string, isList: boolean): string | undefined {
    const cells = value.trim().split(/\s+/).filter(Boolean).map(parseNumber);
    if (!cells.every((cell) => cell !== undefined && Number.isSafeInteger(cell))) return undefined;
    if (!isList && cells.length !== 1) return undefined;
    return cells.map((cell) => this.desk.counters.of(counter, cell as number)).join(' ');
  }
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
