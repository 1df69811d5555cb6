import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Rows of a section of a `.mesh`: the numbers behind each `=`. */
interface Section {
  readonly head: string;
  rows: number[][];
}

/**
 * Makes a simulated export as fine and as much ablated as asked: every triangle of its largest mesh becomes four until the
 * next time would go beyond `vertices`, the rest is made up by vertices in the middle of triangles; tags are repeated with a
 * scatter of 0.8 mm. Returns how many vertices there are now.
 */
export function refineExport(
  folder: string,
  { vertices, lesions }: { readonly vertices: number; readonly lesions: number },
): number {
  const meshes = readdirSync(folder).filter((name) => name.endsWith('.mesh'));
  const sizes = meshes.map((name) => readFileSync(join(folder, name)).length);
  const path = join(folder, meshes[sizes.indexOf(Math.max(...sizes))]!);
  const count = refineMesh(path, vertices);
  repeatSites(join(folder, 'VisiTagExport', 'Sites.txt'), lesions);
  return count;
}

function refineMesh(path: string, wanted: number): number {
  const text = readFileSync(path, 'latin1');
  const at = ['[VerticesSection]', '[TrianglesSection]', '[VerticesColorsSection]', '[VerticesAttributesSection]'].map(
    (name) => text.indexOf(name),
  );
  const [points, triangles, colors, flags] = at.map((start, n) => sectionOf(text.slice(start, at[n + 1]))) as [
    Section,
    Section,
    Section,
    Section,
  ];
  const middle = (...corners: readonly number[]) => {
    for (const section of [points, colors, flags])
      section.rows.push(meanOf(corners.map((corner) => section.rows[corner]!)));
    return points.rows.length - 1;
  };
  while (points.rows.length * 3.9 < wanted) {
    const known = new Map<string, number>();
    const half = (a: number, b: number) => {
      const key = a < b ? `${a} ${b}` : `${b} ${a}`;
      const place = known.get(key) ?? middle(a, b);
      known.set(key, place);
      return place;
    };
    triangles.rows = triangles.rows.flatMap(([a, b, c, ...rest]) => {
      const [ab, bc, ca] = [half(a!, b!), half(b!, c!), half(c!, a!)];
      return [
        [a!, ab, ca, ...rest],
        [ab, b!, bc, ...rest],
        [ca, bc, c!, ...rest],
        [ab, bc, ca, ...rest],
      ];
    });
  }
  for (let t = 0, last = triangles.rows.length; points.rows.length < wanted && t < last; t++) {
    const [a, b, c, ...rest] = triangles.rows[t]!;
    const inner = middle(a!, b!, c!);
    triangles.rows[t] = [a!, b!, inner, ...rest];
    triangles.rows.push([b!, c!, inner, ...rest], [c!, a!, inner, ...rest]);
  }
  const head = text
    .slice(0, at[0])
    .replace(/NumVertex {2,}= \d+/, `NumVertex              = ${points.rows.length}`)
    .replace(/NumTriangle {2,}= \d+/, `NumTriangle            = ${triangles.rows.length}`);
  const written = [points, triangles, colors, flags].map(
    ({ head: top, rows }) => `${top}${rows.map((row, n) => `${n} = ${row.join(' ')}\r\n`).join('')}`,
  );
  writeFileSync(path, head + written.join('\r\n'), 'latin1');
  return points.rows.length;
}

function sectionOf(text: string): Section {
  const start = text.search(/^ *\d+ = /m);
  const rows = text
    .slice(start)
    .split(/\r?\n/)
    .filter((line) => /^ *\d+ = /.test(line))
    .map((line) =>
      line
        .slice(line.indexOf('=') + 1)
        .trim()
        .split(/ +/)
        .map(Number),
    );
  return { head: text.slice(0, start), rows };
}

/** Where one has no value there is none; whole numbers, as groups and flags are, stay those of the first. */
function meanOf(rows: readonly (readonly number[])[]): number[] {
  return rows[0]!.map((value, n) => {
    const all = rows.map((row) => row[n]!);
    if (all.includes(-10000)) return -10000;
    if (all.every(Number.isInteger)) return value;
    return Number((all.reduce((sum, one) => sum + one, 0) / all.length).toFixed(4));
  });
}

function repeatSites(path: string, wanted: number): void {
  const [head, ...rows] = readFileSync(path, 'latin1').split(/\r?\n/);
  const known = rows.filter((row) => row.trim() !== '');
  let state = 1;
  const scatter = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 2.8;
  };
  const more = Array.from({ length: Math.max(0, wanted - known.length) }, (_, n) => {
    const cells = known[n % known.length]!.trim().split(/ +/);
    return cells
      .map((cell, at) =>
        at === 2 ? String(known.length + n + 1) : at >= 3 && at <= 5 ? (Number(cell) + scatter()).toFixed(3) : cell,
      )
      .join(' ');
  });
  writeFileSync(path, [head, ...known, ...more, ''].join('\r\n'), 'latin1');
}
