import { CartoError } from '../error.ts';
import { type Bounds, isWithin } from './bounds.ts';
import type { Line } from './line.ts';
import { parseNumber } from './number.ts';
import { Row } from './row.ts';

export const meshKind = 'mesh';

/** Sections with rows, and how many numbers a row has: exactly, or (0) as many as the section's first row. */
export const meshSections = {
  VerticesSection: 7,
  TrianglesSection: 7,
  VerticesColorsSection: 0,
  VerticesAttributesSection: 0,
} as const;
export type MeshSection = keyof typeof meshSections;

/**
 * What a line of a mesh is. `row` has been proved: in order, of its section's width, numbers only, and a triangle's
 * corners are vertices of this mesh. `foreign` lies in a section that is not known.
 */
export type MeshLine =
  | { readonly kind: 'signature' | 'blank' | 'comment' | 'row' | 'foreign' }
  | { readonly kind: 'section'; readonly name: string }
  | { readonly kind: 'attribute'; readonly key: string; readonly value: string };

const signature = { kind: 'signature' } as const;
const blank = { kind: 'blank' } as const;
const comment = { kind: 'comment' } as const;
const row = { kind: 'row' } as const;
const foreign = { kind: 'foreign' } as const;

/** mm, and parts of unit vectors. */
const coordinate: Bounds = { below: 100_000 };

/** First cells of a row: its number and the sign of equality. */
const leadCells = 2;

/**
 * The grammar of `.mesh`, line by line, for whoever reads one and whoever passes one on. Sections are recognised at
 * column 0 only, because comments hold `=` and `[`. Throws UNREADABLE at the first line that breaks the grammar.
 */
export class MeshGrammar {
  readonly row = new Row();
  readonly attributes = new Map<string, string>();
  readonly #rows = new Map<MeshSection, number>();
  #section: MeshSection | 'GeneralAttributes' | undefined;
  #sectionKnown = true;
  #rowsHere = 0;
  #width = 0;
  #signed = false;
  #vertices = 0;

  get section(): MeshSection | undefined {
    return this.#section === 'GeneralAttributes' ? undefined : this.#section;
  }

  /** Rows of a section so far. */
  rows(section: MeshSection): number {
    return this.#rows.get(section) ?? 0;
  }

  line(line: Line): MeshLine {
    if (!this.#signed) return this.#sign(line);
    if (line.startsWith(';')) return comment;
    if (line.startsWith('[')) return this.#enter(line);
    if (line.isBlank) return blank;
    if (!this.#sectionKnown) return foreign;
    return this.#section === 'GeneralAttributes' ? this.#attribute(line) : this.#row(line);
  }

  /** After the last line: every announced row must have come. */
  end(lines: number): void {
    if (!this.#signed) throw broken('it is empty', lines);
    this.#close(lines);
    for (const [key, section] of [
      ['NumVertex', 'VerticesSection'],
      ['NumTriangle', 'TrianglesSection'],
    ] as const) {
      const announced = this.announced(key, lines);
      if (this.rows(section) !== announced) {
        throw broken(`${section} has ${this.rows(section)} rows, which is not what was announced`, lines);
      }
    }
  }

  /** A count of the general attributes. */
  announced(key: 'NumVertex' | 'NumTriangle', line: number): number {
    const count = parseNumber(this.attributes.get(key) ?? '');
    if (count === undefined || !Number.isSafeInteger(count) || count < 0) throw broken(`${key} is not a count`, line);
    return count;
  }

  #sign(line: Line): MeshLine {
    if (!/^#TriangulatedMeshVersion\d\.\d$/.test(line.text())) throw broken('the first line is not a mesh’s', 1);
    this.#signed = true;
    return signature;
  }

  #enter(line: Line): MeshLine {
    this.#close(line.number);
    const name = /^\[(\w+)\]\s*$/.exec(line.text())?.[1] ?? '';
    this.#sectionKnown = name === 'GeneralAttributes' || Object.hasOwn(meshSections, name);
    this.#section = this.#sectionKnown ? (name as MeshSection | 'GeneralAttributes') : undefined;
    this.#rowsHere = 0;
    this.#width = this.section === undefined ? 0 : meshSections[this.section];
    if (this.section !== undefined) this.#vertices = this.announced('NumVertex', line.number);
    return { kind: 'section', name: this.#sectionKnown ? name : '' };
  }

  #close(line: number): void {
    const section = this.section;
    if (section === undefined) return;
    if (this.#rows.has(section)) throw broken(`${section} occurs twice`, line);
    this.#rows.set(section, this.#rowsHere);
    const perVertex = section === 'VerticesColorsSection' || section === 'VerticesAttributesSection';
    if (perVertex && this.#rowsHere !== 0 && this.#rowsHere !== this.#vertices) {
      throw broken(`${section} has ${this.#rowsHere} rows, which is not one per vertex`, line);
    }
  }

  #attribute(line: Line): MeshLine {
    const [, key, value] = /^(\w+)\s*=(.*)$/.exec(line.text()) ?? [];
    if (key === undefined || value === undefined) throw broken('a general attribute is not “key = value”', line.number);
    this.attributes.set(key, value.trim());
    return { kind: 'attribute', key, value: value.trim() };
  }

  #row(line: Line): MeshLine {
    if (this.#section === undefined) throw broken('a row stands before the first section', line.number);
    const cells = this.row.split(line);
    const width = cells.count - leadCells;
    if (this.#width === 0) this.#width = width;
    if (width < 1 || width !== this.#width || !cells.is(1, '=')) {
      throw broken(`a row of ${this.#section} has ${cells.count} cells`, line.number);
    }
    if (cells.number(0) !== this.#rowsHere) throw broken(`a row of ${this.#section} is out of order`, line.number);
    if (!cells.areNumbers(leadCells)) throw broken(`a cell of ${this.#section} is not a number`, line.number);
    if (this.#section === 'TrianglesSection') this.#expectCorners(line.number);
    else if (this.#section === 'VerticesSection') this.#expectCoordinates(leadCells, line.number);
    this.#rowsHere++;
    return row;
  }

  /** Cells from `first` on, but for the last one, which is a group. */
  #expectCoordinates(first: number, line: number): void {
    for (let at = first; at < this.row.count - 1; at++) {
      if (isWithin(this.row.number(at) as number, coordinate)) continue;
      throw broken(`a cell of ${this.#section} is no coordinate`, line);
    }
  }

  #expectCorners(line: number): void {
    this.#expectCoordinates(leadCells + 3, line);
    for (let corner = 0; corner < 3; corner++) {
      const vertex = this.row.number(leadCells + corner) as number;
      if (!Number.isInteger(vertex) || vertex < 0 || vertex >= this.#vertices) {
        throw broken('a triangle’s corner is no vertex of this mesh', line);
      }
    }
  }
}

function broken(what: string, line: number): CartoError {
  return new CartoError('UNREADABLE', what, { kind: meshKind, line });
}
