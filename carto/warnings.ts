/**
 * - `missing-file`: something refers to a file of this kind that was not exported.
 * - `incomplete-map`: a map whose points or surface the catalogue tells of, but whose files are not all there.
 * - `repeated-file`: a file says what another one said already (a re-map repeats its parent's); it was read once.
 * - `damaged-file`: a file of this kind could not be read; the study goes on without it.
 * - `unrecognised`: a file of this kind is of a version or form that is not known; it was left out.
 * - `ambiguous-name`: two files would bear the same name; one was left out.
 * - `dropped-column`, `dropped-element`, `dropped-attribute`, `dropped-line`: what no rule names was left out.
 * - `odd-value`: a value is not of the form that its rule proves; it was left out.
 * - `count-mismatch`: an announced number differs from what is there.
 */
export type WarningCode =
  | 'missing-file'
  | 'incomplete-map'
  | 'repeated-file'
  | 'damaged-file'
  | 'unrecognised'
  | 'ambiguous-name'
  | 'dropped-column'
  | 'dropped-element'
  | 'dropped-attribute'
  | 'dropped-line'
  | 'odd-value'
  | 'count-mismatch';

/** Something that a person may want to know and that stopped nothing. `kind` is a kind of file. */
export interface Warning {
  readonly code: WarningCode;
  readonly kind: string;
  readonly count: number;
}

/** Collects warnings, each code and kind once with its count. */
export class Warnings {
  readonly #counts = new Map<string, Warning>();

  add(code: WarningCode, kind: string, count = 1): void {
    const key = `${code} ${kind}`;
    this.#counts.set(key, { code, kind, count: (this.#counts.get(key)?.count ?? 0) + count });
  }

  /** How often a code was told of, for some kinds. */
  countOf(code: WarningCode, kinds: ReadonlySet<string>): number {
    const counted = this.list().filter((warning) => warning.code === code && kinds.has(warning.kind));
    return counted.reduce((total, { count }) => total + count, 0);
  }

  /** All of them, which are then forgotten. */
  take(): Warning[] {
    const warnings = this.list();
    this.#counts.clear();
    return warnings;
  }

  list(): Warning[] {
    return [...this.#counts.values()];
  }
}
