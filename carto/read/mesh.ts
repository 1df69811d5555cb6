import type { Checkpoint } from '../../core/gate-flag.ts';
import { eachLine, type Line } from '../grammar/line.ts';
import { MeshGrammar, type MeshSection, meshKind } from '../grammar/mesh.ts';
import { parseNumber } from '../grammar/number.ts';
import { Numbers } from '../numbers.ts';
import type { SourceFile } from '../source.ts';
import type { Mesh } from '../study.ts';
import { defined, numbersIn, present } from './fields.ts';
import { compact } from './mesh-compact.ts';

/** First cells of a row: its number and the sign of equality. */
const leadCells = 2;

/** More colours than a vertex has; what lies beyond is not kept. */
const maxColors = 64;

/**
 * Reads a `.mesh`. Colour rows may have more numbers than `ColorsNames` has names (the header swallows one): the
 * surplus is ignored. Sections that are not known are passed over. A mesh that bears no name is called as its file.
 */
export async function readMesh(file: SourceFile, checkpoint: Checkpoint): Promise<Mesh> {
  const builder = new MeshBuilder(file.path.slice(file.path.lastIndexOf('/') + 1).replace(/\.mesh$/i, ''));
  builder.end(await eachLine(file, checkpoint, meshKind, (line) => builder.line(line)));
  return builder.build();
}

const floats = () => new Numbers<Float32Array<ArrayBuffer>>(Float32Array);
const integers = () => new Numbers<Int32Array<ArrayBuffer>>(Int32Array);

/** What a row of vertices or triangles has: three numbers, a unit vector, a group. */
class Geometry<T extends Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>> {
  readonly first: Numbers<T>;
  readonly normals = floats();
  readonly groups = integers();

  constructor(first: Numbers<T>) {
    this.first = first;
  }

  add(at: (column: number) => number): void {
    for (let axis = 0; axis < 3; axis++) this.first.push(at(axis));
    for (let axis = 3; axis < 6; axis++) this.normals.push(at(axis));
    this.groups.push(at(6));
  }
}

class MeshBuilder {
  readonly #fileName: string;
  readonly #grammar = new MeshGrammar();
  readonly #vertices = new Geometry(floats());
  readonly #triangles = new Geometry(new Numbers<Uint32Array<ArrayBuffer>>(Uint32Array));
  readonly #colors: Numbers<Float32Array<ArrayBuffer>>[] = [];
  readonly #attributes: Numbers<Int32Array<ArrayBuffer>>[] = [];
  #attributeNames: readonly string[] = [];
  readonly #cell = (column: number) => this.#grammar.row.number(leadCells + column) as number;

  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  line(line: Line): void {
    const { kind } = this.#grammar.line(line);
    const { section } = this.#grammar;
    if (kind === 'comment' && section === 'VerticesAttributesSection' && this.#attributeNames.length === 0) {
      this.#attributeNames = namesIn(line.text().slice(1));
    }
    if (kind === 'row' && section !== undefined) this.#row(section);
  }

  #row(section: MeshSection): void {
    switch (section) {
      case 'VerticesSection':
        this.#vertices.add(this.#cell);
        break;
      case 'TrianglesSection':
        this.#triangles.add(this.#cell);
        break;
      case 'VerticesColorsSection':
        this.#perVertex(this.#colors, floats);
        break;
      case 'VerticesAttributesSection':
        this.#perVertex(this.#attributes, integers);
        break;
    }
  }

  /** As many columns as the section's first row has; the grammar has seen to it that all rows have as many. */
  #perVertex<T extends { push(value: number): void }>(columns: T[], make: () => T): void {
    const width = Math.min(maxColors, this.#grammar.row.count - leadCells);
    for (let column = 0; column < width; column++) {
      columns[column] ??= make();
      (columns[column] as T).push(this.#cell(column));
    }
  }

  end(lines: number): void {
    this.#grammar.end(lines);
  }

  build(): Mesh {
    const { attributes } = this.#grammar;
    return compact({
      ...defined({ topologyStatus: parseNumber(attributes.get('TopologyStatus') ?? '') }),
      name: attributes.get('MeshName') || this.#fileName,
      positionsMm: this.#vertices.first.take(),
      normals: this.#vertices.normals.take(),
      vertexGroups: this.#vertices.groups.take(),
      triangles: this.#triangles.first.take(),
      triangleNormals: this.#triangles.normals.take(),
      triangleGroups: this.#triangles.groups.take(),
      colors: this.#colored(),
      attributes: this.#flagged(),
      matrix: numbersIn(attributes.get('Matrix') ?? '') ?? [],
      deleted: { vertices: 0, triangles: 0 },
    });
  }

  /** Surplus columns have no name. */
  #colored(): Mesh['colors'] {
    const ids = numbersIn(this.#grammar.attributes.get('ColorsIDs') ?? '') ?? [];
    const names = namesIn(this.#grammar.attributes.get('ColorsNames') ?? '');
    return names.slice(0, this.#colors.length).map((name, at) => {
      const values = this.#colors[at]?.take() ?? new Float32Array();
      for (let vertex = 0; vertex < values.length; vertex++) {
        values[vertex] = present(values[vertex]) ?? Number.NaN;
      }
      return { ...defined({ id: ids[at] }), name, values };
    });
  }

  #flagged(): Mesh['attributes'] {
    return this.#attributeNames
      .slice(0, this.#attributes.length)
      .map((name, at) => ({ name, values: this.#attributes[at]?.take() ?? new Int32Array() }));
  }
}

function namesIn(text: string): string[] {
  return text.split(/\s+/).filter(Boolean).slice(0, maxColors);
}
