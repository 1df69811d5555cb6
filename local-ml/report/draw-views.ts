import type { Discontinuity } from '../../protocol/findings.ts';
import { regionLabels } from '../anatomy/anatomy.ts';
import { wallOf } from '../anatomy/site-class.ts';
import type { SitedLesion } from '../lesions/rings.ts';
import { look } from '../look.ts';
import { boundaryLoops } from '../mesh/pieces.ts';
import type { SoundSurface } from '../mesh/validate.ts';
import { type CoarseSurface, coarsen } from './coarse.ts';
import { type ColorLetter, type LookName, regionColors, voltageLetter } from './looks.ts';
import type { Picture, Shape } from './model.ts';
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
export function drawViews(drawing: Drawing): {
  readonly regions: readonly Picture[];
  readonly voltage?: readonly Picture[];
} {
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
  const regions = sheet(coarse, drawing, { colorOf: regionColor, title: 'regions', withLesions: true });
  if (!bipolarMv?.some((mv) => !Number.isNaN(mv))) return { regions };
  const means = coarse.members.map((own) => meanOf(own.map((at) => bipolarMv[at]!).filter((mv) => !Number.isNaN(mv))));
  const voltageColor = (t: number) => {
    const corners = [0, 1, 2].map((k) => means[coarse.triangles[3 * t + k]!]!).filter((mv) => !Number.isNaN(mv));
    return voltageLetter(corners.length < 2 ? Number.NaN : meanOf(corners), drawing.thresholdsMv);
  };
  return { regions, voltage: sheet(coarse, drawing, { colorOf: voltageColor, title: 'voltage', withLesions: false }) };
}

/** Whether one can see into the shell: an open valve, a vein cut off, a part that was not mapped. */
export const hasOpenings = ({ surface }: Pick<Drawing, 'surface'>): boolean =>
  boundaryLoops(surface, surface.halfEdges).length > 0;

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

interface Coloring {
  readonly colorOf: (triangle: number) => ColorLetter;
  readonly title: string;
  readonly withLesions: boolean;
}

function sheet(coarse: CoarseSurface, drawing: Drawing, coloring: Coloring): readonly Picture[] {
  const isOpen = hasOpenings(drawing);
  return views.map(([name, degrees]) => {
    look();
    const projection = projectionOf(coarse, degrees);
    const { size, project } = projection;
    const isVisible = visibility(coarse, projection);
    const seen = coloring.withLesions ? drawing.lesions.filter(({ foot }) => isVisible(foot.placeMm)) : [];
    return {
      label: `${name} view, ${coloring.title}`,
      caption: name,
      box: { left: 0, top: 0, width: size, height: size },
      shapes: [
        ...paint(coarse, projection, { colorOf: coloring.colorOf, isOpen }),
        ...seen.map((lesion) => lesionDot(lesion, drawing.indexTarget, project(lesion.foot.placeMm), 4)),
        ...drawing.discontinuities.flatMap(({ place }, at) =>
          openingMark(at + 1, project(place), 10, !isVisible(place)),
        ),
      ],
    };
  });
}

/** How a lesion is drawn: by its index against its target. */
function lesionLook({ index, site }: Drawing['lesions'][number], target: Drawing['indexTarget']): LookName {
  if (index === undefined || site === undefined) return 'lu';
  const share = index / target[wallOf(site)];
  return share >= 1 ? 'lo' : share >= 0.8 ? 'lm' : 'lw';
}

type Spot = readonly [x: number, y: number, ...unknown[]];

export function lesionDot(
  lesion: Drawing['lesions'][number],
  target: Drawing['indexTarget'],
  [x, y]: Spot,
  radius: number,
): Shape {
  return { kind: 'circle', look: lesionLook(lesion, target), x, y, radius, note: `lesion ${lesion.order + 1}` };
}

/** A ring around a possible discontinuity with its number in it. */
export function openingMark(number: number, [x, y]: Spot, radius: number, faint = false): readonly Shape[] {
  return [
    { kind: 'circle', look: 'gap', x, y, radius, faint },
    { kind: 'text', look: 'number', x, y: y + 4.3, text: String(number), anchor: 'middle', faint },
  ];
}
