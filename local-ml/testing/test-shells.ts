import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CaseInput } from '../analysis/case-input.ts';
import type { siteClasses } from '../anatomy/site-class.ts';
import type { Lesion } from '../lesions/lesion.ts';
import { weld } from '../mesh/weld.ts';

/** A generated shell with what is true of it (local-ml/training/CONTRACT.md, 10). */
export interface TestShell {
  readonly seed: number;
  readonly variant: Readonly<Record<string, unknown>>;
  readonly vertices: readonly number[];
  readonly triangles: readonly number[];
  readonly labels: readonly number[];
  readonly voltage: readonly (number | null)[];
  readonly lesions: readonly {
    readonly x: number;
    readonly y: number;
    readonly z: number;
    readonly startS: number;
    readonly durationS: number;
    readonly ai: number | null;
    readonly fti: number;
    readonly forceG: number;
    readonly impedanceDropOhm: number;
    readonly aim: (typeof siteClasses)[number];
  }[];
  readonly gaps: readonly {
    readonly side: 'L' | 'R';
    readonly x: number;
    readonly y: number;
    readonly z: number;
    readonly widthMm: number;
    readonly kind: 'missing' | 'weak';
  }[];
  readonly rings: readonly { readonly side: 'L' | 'R'; readonly closed: boolean }[];
  readonly targets?: { readonly anterior: number; readonly posterior: number };
}

export const shellFolder = fileURLToPath(new URL('./shells', import.meta.url));

/** The files of generated shells in a folder, in the order of their names. */
export function readTestShells(folder = shellFolder): readonly TestShell[] {
  const names = readdirSync(folder).filter((name) => /^shell-\d+\.json$/.test(name));
  return names.sort().map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as TestShell);
}

/** What an analysis would be given of such a case. */
export function inputOfShell(shell: TestShell): CaseInput {
  const surface = weld({
    positionsMm: Float64Array.from(shell.vertices),
    triangles: Uint32Array.from(shell.triangles),
  });
  return {
    ...{ map: 1, chamberHint: 'left-atrium', surface, meshVertices: shell.labels.length, tags: [] },
    bipolarMv: Float64Array.from(surface.sourceVertex, (vertex) => shell.voltage[vertex] ?? Number.NaN),
    mappedMm: new Float64Array(),
    lesions: shell.lesions.map(lesionOf),
  };
}

/** The true labels of the vertices that a surface was made of. */
export function labelsOfShell({ labels }: TestShell, sourceVertex: Uint32Array): Uint8Array {
  return Uint8Array.from(sourceVertex, (vertex) => labels[vertex]!);
}

function lesionOf(
  { x, y, z, startS, durationS, ai, fti, forceG, impedanceDropOhm }: TestShell['lesions'][number],
  order: number,
): Lesion {
  const index = ai === null ? {} : { index: ai };
  return { order, placeMm: [x, y, z], startS, durationS, ftiGs: fti, forceG, impedanceDropOhm, ...index };
}
