import { type ExportFile, exportFiles } from './export-files.ts';
import type { StudyOptions } from './options.ts';
import { makeStudy, type SimulatedStudy } from './study.ts';

/** For tests: an export in memory, read by nothing of the code that wrote it. */
export interface ReadBack {
  readonly study: SimulatedStudy;
  readonly files: ReadonlyMap<string, Buffer>;
  /** Lines of a file, without CRLF; code page 1252 for all but XML. */
  lines(path: string): string[];
  /** A lesion table as rows by column name. */
  table(name: string): Record<string, string>[];
}

export function readBack(options: StudyOptions): ReadBack {
  const study = makeStudy(options);
  const files = new Map<string, Buffer>([...exportFiles(study)].map(wholeFile));
  const lines = (path: string) => {
    const bytes = files.get(path);
    if (!bytes) throw new Error(`expected a file ${path}`);
    return new TextDecoder(path.endsWith('.xml') ? 'utf-8' : 'windows-1252').decode(bytes).split('\r\n').slice(0, -1);
  };
  const table = (name: string) => {
    const [header, ...rows] = lines(`VisiTagExport/${name}`).map((line) => line.trim().split(/\s+/));
    return rows.map((row) => Object.fromEntries(header!.map((column, n) => [column, row[n]!])));
  };
  return { study, files, lines, table };
}

function wholeFile([path, content]: ExportFile): [string, Buffer] {
  return [path, Buffer.isBuffer(content) ? content : Buffer.concat([...content])];
}

export interface ReadMesh {
  readonly vertices: number[][];
  readonly normals: number[][];
  readonly triangles: number[][];
  readonly triangleNormals: number[][];
  readonly colors: number[][];
  readonly attributes: number[][];
}

/** Reads the sections of a `.mesh` file. */
export function readMesh(lines: readonly string[]): ReadMesh {
  const sections = new Map<string, number[][]>();
  let current: number[][] = [];
  for (const line of lines) {
    if (line.startsWith('[')) {
      current = [];
      sections.set(line, current);
    } else if (/^\s*\d+ =/.test(line)) {
      current.push(line.split('=')[1]!.trim().split(/\s+/).map(Number));
    }
  }
  const of = (name: string) => sections.get(`[${name}]`) ?? [];
  return {
    vertices: of('VerticesSection').map((row) => row.slice(0, 3)),
    normals: of('VerticesSection').map((row) => row.slice(3, 6)),
    triangles: of('TrianglesSection').map((row) => row.slice(0, 3)),
    triangleNormals: of('TrianglesSection').map((row) => row.slice(3, 6)),
    colors: of('VerticesColorsSection'),
    attributes: of('VerticesAttributesSection'),
  };
}

/** What stops triangles from being one closed, consistently turned surface without pinches; empty when they are. */
export function surfaceFaults(vertexCount: number, triangles: readonly (readonly number[])[]): string[] {
  const faults: string[] = [];
  const fans: Map<number, number>[] = Array.from({ length: vertexCount }, () => new Map());
  for (const [a, b, c] of triangles as readonly [number, number, number][]) {
    for (const [at, from, to] of [
      [a, b, c],
      [b, c, a],
      [c, a, b],
    ] as const) {
      if (fans[at]!.has(from)) faults.push(`edge ${at}-${from} is used twice in one direction`);
      fans[at]!.set(from, to);
    }
  }
  for (const [vertex, fan] of fans.entries()) {
    const start = fan.keys().next().value;
    let steps = 0;
    for (let at = start; at !== undefined && (steps === 0 || at !== start) && steps <= fan.size; at = fan.get(at))
      steps += 1;
    if (steps !== fan.size || fan.size < 3)
      faults.push(`vertex ${vertex} has ${fan.size} triangles, ${steps} in a ring`);
  }
  return faults;
}
