import type { Findings } from '../../protocol/findings.ts';
import type { Analysis } from '../analysis/analyse.ts';
import { regionLabels, sides } from '../anatomy/anatomy.ts';
import { drawClock } from './draw-clock.ts';
import { type Drawing, drawViews, hasOpenings } from './draw-views.ts';
import { inside, regionColors, shaded, voltageLegend } from './looks.ts';
import type { Key, Picture, Section } from './model.ts';

/** The sections that show something; absent where there is nothing to show. */
export interface PictureSections {
  readonly regions?: Section | undefined;
  readonly rings?: Section | undefined;
  readonly voltage?: Section | undefined;
}

export function picturesOf(analysis: Analysis): PictureSections {
  const { findings, surface, bipolarMv, found, placed, lines } = analysis;
  if (!surface) return {};
  const drawing: Drawing = {
    surface,
    ...(found ? { labels: found.regions.labels } : {}),
    ...(bipolarMv ? { bipolarMv } : {}),
    thresholdsMv: findings.settings.voltage.thresholdsMv,
    lesions: lines?.lesions ?? placed?.placed ?? [],
    indexTarget: findings.settings.lesions.indexTarget,
    discontinuities: findings.discontinuities ?? [],
  };
  const { regions, voltage } = drawViews(drawing);
  const openings = openingKeys(findings);
  const through = hasOpenings(drawing) ? [insideKey] : [];
  const shown = (title: string, keys: readonly Key[], pictures: readonly Picture[]): Section => ({
    title,
    blocks: [
      { kind: 'keys', keys: [...keys, ...through, ...openings] },
      { kind: 'pictures', columns: 3, pictures },
    ],
  });
  return {
    regions: shown('Regions and lesions', [...(found ? regionKeys : []), ...lesionKeys(findings)], regions),
    rings: lines && ringsOf(drawing, analysis, [...lesionKeys(findings), ...openings]),
    voltage: voltage && shown('Bipolar voltage', voltageKeys(drawing.thresholdsMv), voltage),
  };
}

function ringsOf(drawing: Drawing, { found }: Analysis, keys: readonly Key[]): Section | undefined {
  if (!found) return undefined;
  const pictures = sides.flatMap((side) => {
    const frame = found.ground.frames[side];
    return frame ? [drawClock({ ...drawing, side, frame, canonical: found.ground.canonical })] : [];
  });
  if (pictures.length === 0) return undefined;
  return {
    title: 'Rings around the veins, laid flat',
    blocks: [
      { kind: 'keys', keys },
      { kind: 'pictures', columns: 2, pictures },
    ],
  };
}

const insideKey: Key = { shape: 'square', look: shaded(inside, 1), text: 'inner side of the wall' };

const regionKeys: readonly Key[] = regionLabels.map((label) => ({
  ...{ shape: 'square', look: shaded(regionColors[label][0], 1), text: label },
}));

const voltageKeys = (thresholdsMv: readonly number[]): readonly Key[] =>
  voltageLegend(thresholdsMv).map(([letter, text]) => ({ shape: 'square', look: shaded(letter, 1), text }));

function lesionKeys({ settings }: Findings): readonly Key[] {
  const { anterior, posterior } = settings.lesions.indexTarget;
  return [
    { shape: 'dot', look: 'lo', text: `index on target (${anterior} in front, ${posterior} behind)` },
    { shape: 'dot', look: 'lm', text: '80 to 100 % of it' },
    { shape: 'dot', look: 'lw', text: 'below 80 %' },
    { shape: 'dot', look: 'lu', text: 'no index, or no target' },
  ];
}

function openingKeys({ discontinuities }: Findings): readonly Key[] {
  if (!discontinuities?.length) return [];
  return [{ shape: 'dot', look: 'gap', text: 'possible discontinuity, by number; faint where behind the shell' }];
}
