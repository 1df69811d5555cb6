import type { Checkpoint } from '../../core/gate-flag.ts';
import { eachLine, type Line } from '../grammar/line.ts';
import { MeshGrammar, type MeshSection, meshKind } from '../grammar/mesh.ts';
import { parseNumber } from '../grammar/number.ts';
import type { SourceFile } from '../source.ts';
import type { Mesh } from '../study.ts';
import { defined, numbersIn } from './fields.ts';
import { compact } from './mesh-compact.ts';

/** First cells of a row: its number and the sign of equality. */
const leadCells = 2;

/**
 * Reads a `.mesh`. Colour rows may have more numbers than `ColorsNames` has names (the header swallows one): the
 * surplus is ignored. Sections that are not known are passed over.
 */
export async function readMesh(file: SourceFile, checkpoint: Checkpoint): Promise<Mesh> {
  const builder = new MeshBuilder();
  builder.end(await eachLine(file, checkpoint, meshKind, (line) => builder.line(line)));
  return builder.build();
}

class MeshBuilder {
  readonly #grammar = new MeshGrammar();
  readonly #rows: Record<MeshSection, number[]> = {
    VerticesSection: [],
    TrianglesSection: [],
    VerticesColorsSection: [],
    VerticesAttributesSection: [],
  };
  readonly #width = new Map<MeshSection, number>();
  #attributeNames: readonly string[] = [];

  line(line: Line): void {
    const { kind } = this.#grammar.line(line);
    const section = this.#grammar.section;
    if (kind === 'comment' && section === 'VerticesAttributesSection' && this.#attributeNames.length === 0) {
      this.#attributeNames = line.text().slice(1).split(/\s+/).filter(Boolean);
    }
    if (kind !== 'row' || section === undefined) return;
    const cells = this.#grammar.row;
    const rows = this.#rows[section];
    for (let at = leadCells; at < cells.count; at++) rows.push(cells.number(at) as number);
    if (!this.#width.has(section)) this.#width.set(section, cells.count - leadCells);
  }

  end(lines: number): void {
    this.#grammar.end(lines);
  }

  build(): Mesh {
    const { VerticesSection: vertices, TrianglesSection: triangles } = this.#rows;
    const topologyStatus = parseNumber(this.#grammar.attributes.get('TopologyStatus') ?? '');
    return compact({
      ...defined({ topologyStatus }),
      positionsMm: Float32Array.from(pick(vertices, 7, 0, 3)),
      normals: Float32Array.from(pick(vertices, 7, 3, 3)),
      vertexGroups: Int32Array.from(pick(vertices, 7, 6, 1)),
      triangles: Uint32Array.from(pick(triangles, 7, 0, 3)),
      triangleNormals: Float32Array.from(pick(triangles, 7, 3, 3)),
      triangleGroups: Int32Array.from(pick(triangles, 7, 6, 1)),
      colors: this.#colors(),
      attributes: this.#attributes(),
      matrix: numbersIn(this.#grammar.attributes.get('Matrix') ?? '') ?? [],
      deleted: { vertices: 0, triangles: 0 },
    });
  }

  #colors(): Mesh['colors'] {
    const width = this.#width.get('VerticesColorsSection') ?? 0;
    const ids = numbersIn(this.#grammar.attributes.get('ColorsIDs') ?? '') ?? [];
    const names = (this.#grammar.attributes.get('ColorsNames') ?? '').split(/\s+/).filter(Boolean);
    return names.slice(0, width).map((name, at) => {
      const values = Float32Array.from(pick(this.#rows.VerticesColorsSection, width, at, 1), valueOrNaN);
      return { ...defined({ id: ids[at] }), name, values };
    });
  }

  #attributes(): Mesh['attributes'] {
    const width = this.#width.get('VerticesAttributesSection') ?? 0;
    return this.#attributeNames.slice(0, width).map((name, at) => ({
      name,
      values: Int32Array.from(pick(this.#rows.VerticesAttributesSection, width, at, 1)),
    }));
  }
}

/** -10000 and its cousins stand for *no value*. */
function valueOrNaN(value: number): number {
  return Math.abs(value) < 10_000 ? value : Number.NaN;
}

function* pick(numbers: readonly number[], width: number, from: number, count: number): Generator<number> {
  for (let row = 0; row + width <= numbers.length; row += width) {
    for (let at = from; at < from + count; at++) yield numbers[row + at] as number;
  }
}
