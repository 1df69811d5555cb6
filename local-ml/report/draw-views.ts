import type { Discontinuity } from '../../protocol/findings.ts';
import { regionLabels } from '../anatomy/anatomy.ts';
import { wallOf } from '../anatomy/site-class.ts';
import type { SitedLesion } from '../lesions/rings.ts';
import type { SoundSurface } from '../mesh/validate.ts';
import type { Vector3 } from '../mesh/vector.ts';
import { type CoarseSurface, coarsen } from './coarse.ts';
import { regionColors, voltageClass } from './colors.ts';
import { paint, projectionOf, views, visibility } from './view.ts';

export interface Drawing {
  readonly surface: SoundSurface;
  /** n; absent where the parts are not known. */
  readonly labels?: Uint8Array;
  readonly bipolarMv?: Float64Array;
  readonly thresholdsMv: readonly number[];
  readonly lesions: readonly (Pick<SitedLesion, 'foot' | 'index' | 'order'> & Partial<Pick<SitedLesion, 'site'>>)[];
  readonly indexTarget: Readonly<Record<'anterior' | 'posterior', number>>;
  readonly discontinuities: readonly Discontinuity[];
}

/** Drawn surfaces are no finer than this. */
const drawnCellMm = 2.6;

/** The shell from all sides, once for each colouring: regions with lesions and openings, voltage with openings. */
export function drawViews(drawing: Drawing): { readonly regions: string; readonly voltage?: string } {
  const coarse = coarsen(drawing.surface, drawnCellMm);
  const { bipolarMv, labels } = drawing;
  const regionOf = (vertex: number) => {
    const counts = regionLabels.map(() => 0);
    for (const at of coarse.members[vertex]!) counts[labels?.[at] ?? 0]!++;
    return counts.indexOf(Math.max(...counts));
  };
  const cornerRegions = Array.from(coarse.members, (_, vertex) => regionOf(vertex));
  const regionColor = (t: number) => {
    const [a, b, c] = [0, 1, 2].map((k) => cornerRegions[coarse.triangles[3 * t + k]!]!);
    return regionColors[regionLabels[b === c ? b! : a!]!][0];
  };
  const regions = sheet(coarse, drawing, regionColor, true);
  if (!bipolarMv?.some((mv) => !Number.isNaN(mv))) return { regions };
  const means = coarse.members.map((own) => meanOf(own.map((at) => bipolarMv[at]!).filter((mv) => !Number.isNaN(mv))));
  const voltageColor = (t: number) => {
    const corners = [0, 1, 2].map((k) => means[coarse.triangles[3 * t + k]!]!).filter((mv) => !Number.isNaN(mv));
    return voltageClass(corners.length < 2 ? Number.NaN : meanOf(corners), drawing.thresholdsMv);
  };
  return { regions, voltage: sheet(coarse, drawing, voltageColor, false) };
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function sheet(
  coarse: CoarseSurface,
  drawing: Drawing,
  colorOf: (triangle: number) => string,
  withLesions: boolean,
): string {
  return views
    .map(([name, degrees]) => {
      const projection = projectionOf(coarse, degrees);
      const isVisible = visibility(coarse, projection);
      const dots = withLesions
        ? drawing.lesions.map((lesion) => dot(lesion, drawing, projection.project, isVisible))
        : [];
      const marks = drawing.discontinuities.map(({ place }, at) => mark(place, at + 1, projection.project, isVisible));
      return `<figure><svg viewBox="0 0 ${projection.size} ${projection.size}" role="img" aria-label="${name} view"><g class="shell">${paint(coarse, projection, { colorOf })}</g>${dots.join('')}${marks.join('')}</svg><figcaption>${name}</figcaption></figure>`;
    })
    .join('');
}

type Project = (place: Vector3) => readonly [number, number, number];

/** How a lesion is drawn: by its index against its target. */
export function lesionClass({ index, site }: Drawing['lesions'][number], target: Drawing['indexTarget']): string {
  if (index === undefined || site === undefined) return 'lu';
  const share = index / target[wallOf(site)];
  return share >= 1 ? 'lo' : share >= 0.8 ? 'lm' : 'lw';
}

function dot(
  lesion: Drawing['lesions'][number],
  { indexTarget }: Drawing,
  project: Project,
  isVisible: (place: Vector3) => boolean,
): string {
  const { placeMm } = lesion.foot;
  if (!isVisible(placeMm)) return '';
  const [x, y] = project(placeMm);
  return `<circle class="${lesionClass(lesion, indexTarget)}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4"/>`;
}

function mark(place: Vector3, number: number, project: Project, isVisible: (place: Vector3) => boolean): string {
  const [x, y] = project(place);
  const [left, top] = [x.toFixed(1), y.toFixed(1)];
  const hidden = isVisible(place) ? '' : ' hidden';
  return `<g class="gap${hidden}"><circle cx="${left}" cy="${top}" r="9"/><text x="${left}" y="${(y + 3.5).toFixed(1)}">${number}</text></g>`;
}
