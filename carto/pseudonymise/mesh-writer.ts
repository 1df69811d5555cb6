import { trailingBlanks } from '../grammar/blanks.ts';
import type { Line } from '../grammar/line.ts';
import { MeshGrammar } from '../grammar/mesh.ts';
import { passBounded } from './bounded-row.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import { coloringNames, meshFlags } from './vocabulary.ts';

/** The comments that the vendor's exporter writes; any other comment is emptied. Compared without their spacing. */
const comments = new Set([
  '; Biosense Webster Triangulated Mesh file format, 2008',
  '; Rights Biosense Webster, LTD',
  '; http://www.biosensewebster.com',
  '; X Y Z NormalX NormalY NormalZ GroupID',
  '; Vertex0 Vertex1 Vertex2 NormalX NormalY NormalZ GroupID',
  '; Color Value= -10000 indicates invalid data for this coloring for this point',
  '; Scar=0: Vertex is regular vertex (not scar)',
  '; =1: Vertex has a scar attribute',
  '; EML =0: Vertex is regular vertex (not EML)',
  '; EML=0: Vertex is regular vertex (not EML)',
  '; =1: Vertex has a EML attribute',
]);

/** The tail that the exporter hangs on the last colour's name. */
const swallowedSection = '[ColorsScaleSection]';

/** What a mesh holds besides its fields, for the scan. */
export const meshText = ['#TriangulatedMeshVersion', swallowedSection, ...comments].join(' ');

/** First cells of a row: its number and the sign of equality. */
const leadCells = 2;
/** A triangle begins with its corners, which the grammar has proved to be vertices, of which there may be many. */
const firstNumber: Readonly<Record<string, number>> = { TrianglesSection: leadCells + 3 };

/** Negative groups are hidden. */
function nearestGroup(value: number): string {
  return value < 0 ? '-1' : '0';
}

/** Rewrites a `.mesh`: header from its rules, rows as they were proved. Sections without a rule are left out. */
export class MeshWriter implements LineWriter {
  readonly #pen: Pen<'mesh'>;
  readonly #grammar = new MeshGrammar();
  /** Lines of the current section go out. */
  #open = true;

  constructor(pen: Pen<'mesh'>) {
    this.#pen = pen;
  }

  line(line: Line, out: Passage): void {
    const what = this.#grammar.line(line);
    switch (what.kind) {
      case 'signature':
        putLine(line.text(), line, out);
        break;
      case 'section':
        this.#section(what.name, line, out);
        break;
      case 'attribute':
        this.#attribute(what.key, what.value, line, out);
        break;
      case 'comment':
        if (this.#open) putLine(this.#comment(line.text()), line, out);
        break;
      case 'row':
        if (this.#open) this.#row(line, out);
        break;
      case 'blank':
        if (this.#open) out.pass(line.start, line.next);
        break;
      case 'foreign':
        break;
    }
  }

  end(lines: number): void {
    this.#grammar.end(lines);
  }

  #row(line: Line, out: Passage): void {
    const { row, section = '' } = this.#grammar;
    const bounds = this.#pen.boundsOfFound(section);
    const groupBounds = this.#pen.boundsOf('GroupID');
    if (!bounds || !groupBounds) return;
    const isGeometry = section === 'VerticesSection' || section === 'TrianglesSection';
    const group = isGeometry ? row.count - 1 : -1;
    const boundsOf = (cell: number) => (cell === group ? groupBounds : bounds);
    const rest = isGeometry ? { instead: nearestGroup } : {};
    passBounded({ line, row, first: firstNumber[section] ?? leadCells, boundsOf, ...rest }, this.#pen, out);
  }

  /** A comment of the exporter as it is, the line of column names as it is, any other as an empty comment. */
  #comment(text: string): string {
    const plain = text.trimEnd().replace(/[ \t]+/g, ' ');
    return comments.has(plain) || this.#isColumnNames(plain.slice(1).trim()) ? text : ';';
  }

  /** The names of the section's columns: a single word of them, out of its place, may be anyone's name. */
  #isColumnNames(names: string): boolean {
    const { section, attributes } = this.#grammar;
    if (section === 'VerticesAttributesSection') return names.split(' ').every((name) => meshFlags.has(name));
    if (section !== 'VerticesColorsSection') return false;
    const announced = attributes.get('ColorsNames')?.split(/\s+/) ?? [];
    return (
      announced.every((name) => coloringNames.has(name)) && names.replace(swallowedSection, '') === announced.join(' ')
    );
  }

  #section(name: string, line: Line, out: Passage): void {
    this.#open = this.#pen.ruleOf(name) !== undefined;
    if (this.#open) putLine(`[${name}]`, line, out);
    else this.#pen.desk.warnings.add('dropped-line', this.#pen.kind);
  }

  #attribute(key: string, value: string, line: Line, out: Passage): void {
    const rule = this.#pen.ruleOf(key);
    if (!rule) {
      this.#pen.desk.warnings.add('dropped-line', this.#pen.kind);
      return;
    }
    const written = key === 'ColorsNames' ? this.#names(value) : this.#pen.writeFound(key, value);
    const [lead = `${key} = `] = /^\w+[ \t]*=[ \t]*/.exec(line.text()) ?? [];
    putLine(lead + (written ?? '') + (value === '' ? '' : trailingBlanks(line.text())), line, out);
  }

  /** A list of names, two blanks between them. */
  #names(value: string): string {
    const names = value.split(/\s+/).map((name) => this.#pen.write('ColorsNames', name) ?? '');
    return names.join('  ');
  }
}
