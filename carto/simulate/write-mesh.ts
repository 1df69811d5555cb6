import type { Fields } from './fields.ts';
import { crlf, missing, toCp1252 } from './format.ts';
import type { Generation } from './generation.ts';
import type { Mesh } from './mesh.ts';
import { type Coloring, coloringsOf } from './tables.ts';

/** What a mesh file says beside the surface itself. */
export interface MeshDetails {
  readonly meshName: string;
  readonly generation: Generation;
  /** Without fields it has no colours at all, as for a map without points. */
  readonly fields?: Fields | undefined;
  /** The surface has a hole. */
  readonly open?: boolean;
  /** In so many rows one digit, and nothing else, differs from a file without edits. */
  readonly edits?: number;
}

/** A `.mesh` file. */
export function writeMesh(mesh: Mesh, details: MeshDetails): Buffer {
  const { fields, generation, edits = 0 } = details;
  const lines = [
    ...headerLines(mesh, details),
    ...edited(vertexLines(mesh), edits),
    ...triangleLines(mesh),
    ...(fields ? colorLines(fields, coloringsOf(generation)) : []),
    ...attributeLines(generation, fields),
  ];
  return toCp1252(crlf(lines));
}

function headerLines(mesh: Mesh, { meshName, generation, fields, open = false }: MeshDetails): string[] {
  const colorings = coloringsOf(generation);
  const ids = colorings.map(({ id }) => `${id}  `).join('');
  const names = colorings.map(({ meshName: name }) => `${name}  `).join('');
  return [
    '#TriangulatedMeshVersion2.0',
    '; Biosense Webster Triangulated Mesh file format, 2008',
    '; Rights Biosense Webster, LTD',
    '; http://www.biosensewebster.com',
    '',
    '[GeneralAttributes]',
    'MeshID                 = -1',
    `MeshName               = ${meshName}`,
    `NumVertex              = ${mesh.vertices.length / 3}`,
    `NumTriangle            = ${mesh.triangles.length / 3}`,
    `TopologyStatus         = ${open ? 4 : 0}`,
    'MeshColor              = 0.00000   1.00000   0.00000   1.00000   ',
    'Matrix                 = 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1',
    `NumVertexColors        = ${fields ? colorings.length : 0}`,
    ...(fields ? [`ColorsIDs              = ${ids}`, `ColorsNames            = ${names}`] : []),
    '',
  ];
}

function vertexLines({ vertices, vertexNormals }: Mesh): string[] {
  const lines = [
    '[VerticesSection]',
    ';                   X             Y             Z        NormalX   NormalY   NormalZ  GroupID',
    '',
  ];
  for (let n = 0; n < vertices.length / 3; n += 1) {
    const place = [0, 1, 2].map((axis) => vertices[3 * n + axis]!.toFixed(3).padStart(14)).join('');
    lines.push(`${String(n).padStart(8)} =${place}  ${normal(vertexNormals, n)}        0`);
  }
  return [...lines, ''];
}

function triangleLines({ triangles, triangleNormals }: Mesh): string[] {
  const lines = [
    '[TrianglesSection]',
    ';           Vertex0  Vertex1  Vertex2     NormalX   NormalY   NormalZ  GroupID',
    '',
  ];
  for (let n = 0; n < triangles.length / 3; n += 1) {
    const corners = [0, 1, 2].map((corner) => String(triangles[3 * n + corner]!).padStart(9)).join('');
    lines.push(`${String(n).padStart(8)} =${corners}  ${normal(triangleNormals, n)}        0`);
  }
  return [...lines, ''];
}

/** The last digit of each row's last normal is another. */
function edited(lines: readonly string[], edits: number): readonly string[] {
  const rows = new Set(lines.flatMap((line, n) => (line.includes(' =') ? [n] : [])).slice(0, edits));
  return lines.map((line, n) => {
    if (!rows.has(n)) return line;
    return line.replace(
      /(\d)( +0)$/,
      (_, digit: string, rest: string) => `${digit === '9' ? '8' : Number(digit) + 1}${rest}`,
    );
  });
}

function normal(normals: Float64Array, n: number): string {
  return [0, 1, 2].map((axis) => normals[3 * n + axis]!.toFixed(5).padStart(10)).join('');
}

/** One number more than names: the last header token has swallowed the name of a section. */
function colorLines(fields: Fields, colorings: readonly Coloring[]): string[] {
  const [first, ...rest] = colorings.map(({ meshName }) => meshName);
  const heading = [`;${first!.padStart(24)}`, ...rest.map((name) => name.padStart(14))].join('');
  const lines = [
    '[VerticesColorsSection]',
    '; Color Value= -10000 indicates invalid data for this coloring for this point',
    `${heading}[ColorsScaleSection]`,
    '',
  ];
  const nothing = missing.toFixed(5).padStart(14);
  const columns: (Float64Array | undefined)[] = colorings.map(() => undefined);
  columns.push(undefined);
  columns.splice(0, 4, fields.unipolarMv, fields.bipolarMv, fields.latMs, fields.impedanceOhm);
  columns[10] = fields.forceG;
  for (let n = 0; n < fields.bipolarMv.length; n += 1) {
    const values = columns.map((column) => (column ? column[n]!.toFixed(5).padStart(14) : nothing)).join('');
    lines.push(`${String(n).padStart(8)} = ${values}`);
  }
  return [...lines, ''];
}

/** Whether a vertex is scar; that it has an electrically silent line through it is marked by nobody here. */
function attributeLines({ attributes }: Generation, fields?: Fields): string[] {
  const lines = [
    '[VerticesAttributesSection]',
    `;            ${attributes.join('   ')}`,
    ...attributes.flatMap((name) => [
      `; ${name.padEnd(4)}=0: Vertex is regular vertex (not ${name === 'Scar' ? 'scar' : name})`,
      `;     =1: Vertex has a ${name === 'Scar' ? 'scar' : name} attribute`,
    ]),
  ];
  if (!fields) return lines;
  const cells = attributes.map((name) => (name === 'Scar' ? 1 : 0));
  for (let n = 0; n < fields.scar.length; n += 1) {
    const values = cells.map((isScar, at) => String(isScar * fields.scar[n]!).padStart(at === 0 ? 7 : 6)).join('');
    lines.push(`${String(n).padStart(8)} =${values}`);
  }
  return lines;
}
