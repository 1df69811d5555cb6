import type { Abstention } from '../../protocol/findings.ts';
import type { Side } from '../anatomy/anatomy.ts';
import { type SiteClass, siteClasses, wallOf } from '../anatomy/site-class.ts';
import { ruleSite } from '../anatomy/site-rules.ts';
import { ModelError } from '../inference/model-error.ts';
import type { Barrier } from '../lesions/clearance.ts';
import type { LesionConfig } from '../lesions/config.ts';
import { type Line, lineNames, lineOf } from '../lesions/lines.ts';
import { barriersInHoles, type PlacedLesion, placeLesions } from '../lesions/place.ts';
import { doseLevelAt, doseLevelsOf, radiusShare } from '../lesions/radius.ts';
import { barricadeOf, type Ring, ringOf, type SitedLesion } from '../lesions/rings.ts';
import { shortestTree } from '../lesions/summary.ts';
import { Locator } from '../mesh/locator.ts';
import type { SoundSurface } from '../mesh/validate.ts';
import type { Shell } from '../segmentation/shell.ts';
import { classifySites } from '../sites/classify-sites.ts';
import { siteFeatures } from '../sites/site-features.ts';
import type { CaseInput } from './case-input.ts';
import type { AnalysisConfig } from './config.ts';
import type { FoundRegions, LoadedModel } from './find-regions.ts';
import { ringGroundOf } from './ground.ts';

export interface PlacedLesions {
  readonly placed: readonly PlacedLesion[];
  readonly offSurface: number;
  /** What tags bar that stand where the surface has a hole. */
  readonly inHoles: readonly Barrier[];
}

/** The lesions on the surface; or why nothing is said of them. */
export function placeOnSurface(
  input: CaseInput,
  surface: SoundSurface,
  config: AnalysisConfig,
): PlacedLesions | Abstention {
  const { lesions } = input;
  if (lesions.length === 0) return { of: 'lesions', reason: 'no-lesions' };
  if (lesions.length > config.maxLesions)
    return { of: 'lesions', reason: 'too-many-lesions', found: `${lesions.length}` };
  const { maxProjectionMm } = config.lesions;
  const locator = new Locator(surface);
  const { placed, offSurface } = placeLesions(lesions, { surface, locator, maxProjectionMm });
  if (offSurface.length > config.maxOffSurfaceShare * lesions.length) {
    return { of: 'lesions', reason: 'lesions-off-surface', found: `${offSurface.length} of ${lesions.length}` };
  }
  return { placed, offSurface: offSurface.length, inHoles: barriersInHoles(offSurface, { surface, locator }) };
}

export interface FoundSite {
  readonly lesion: PlacedLesion;
  readonly site: SiteClass;
  readonly by: 'model' | 'rules';
  readonly confidence: number;
  readonly rules: SiteClass;
}

/** The site of each lesion by the model, the rules beside it; by the rules alone where there is no model, or it failed. */
export async function findSites(
  placed: readonly PlacedLesion[],
  {
    shell,
    found,
    model,
  }: { readonly shell: Shell; readonly found: FoundRegions; readonly model: LoadedModel | undefined },
): Promise<{ readonly sites: readonly FoundSite[]; readonly failure?: Abstention }> {
  const { ground, regions } = found;
  const byRules = placed.map(({ vertex, foot }) =>
    ruleSite(ground, { vertex, placeMm: ground.canonical(foot.placeMm) }),
  );
  const rulesAlone = placed.map((lesion, at) => {
    const { site, confidence } = byRules[at]!;
    return { lesion, site, by: 'rules' as const, confidence, rules: site };
  });
  const fits = model?.bundle.manifest.labels.join() === siteClasses.join();
  if (!model || !fits)
    return { sites: rulesAlone, ...(model ? { failure: failed('the manifest is of no sites model') } : {}) };
  const { labels, pose, centre } = regions;
  const features = siteFeatures({ shell, labels, centreMm: centre, turn: pose.rotation }, placed);
  if (!features) return { sites: rulesAlone, failure: failed('a side has no vein') };
  try {
    const modelled = await classifySites(model.run, features);
    const sites = placed.map((lesion, at) => ({
      lesion,
      ...modelled[at]!,
      by: 'model' as const,
      rules: byRules[at]!.site,
    }));
    return { sites };
  } catch (error) {
    if (error instanceof ModelError) return { sites: rulesAlone, failure: failed(error.code) };
    throw error;
  }
}

const failed = (found: string): Abstention => ({ of: 'sites', reason: 'model-failed', found });

export interface FoundLines {
  /** What an opening had to exceed in this case, in `interLesionMm`. */
  readonly reportAbove: number;
  readonly lesions: readonly SitedLesion[];
  readonly rings: readonly Ring[];
  readonly lines: readonly Line[];
}

/** Rings and lines, and where they leave room. */
export function findLines(
  sites: readonly FoundSite[],
  {
    surface,
    found,
    config,
    inHoles,
  }: {
    readonly surface: SoundSurface;
    readonly found: Pick<FoundRegions, 'ground'>;
    readonly config: AnalysisConfig;
    readonly inHoles: readonly Barrier[];
  },
): FoundLines {
  const ground = ringGroundOf(surface, found.ground);
  const radiusMm = config.lesions.interLesionMm / 2;
  const walled = sites.map(({ lesion, site }) => ({ lesion, site, wall: wallOf(site) }));
  const levels = doseLevelsOf(walled, config.lesions);
  const lesions = walled.map(({ lesion, site }): SitedLesion => {
    const { share, by } = radiusShare(lesion, { level: doseLevelAt(site, levels), config: config.lesions });
    return { ...lesion, site, radiusMm: radiusMm * share, weightedBy: by };
  });
  const judged = { ...config.lesions, reportAbove: reportAboveOf(lesions, config.lesions) };
  const barricade = barricadeOf(ground, { lesions, inHoles }, judged);
  const sides: readonly Side[] = ['L', 'R'];
  return {
    lesions,
    reportAbove: judged.reportAbove,
    rings: sides.flatMap((side) => ringOf(side, ground, barricade, judged) ?? []),
    lines: lineNames.flatMap((line) => lineOf(line, ground, barricade, judged) ?? []),
  };
}

/** The criterion, or what is clearly wider than this operator's own distance of neighbours. */
function reportAboveOf(
  lesions: readonly PlacedLesion[],
  { reportAbove, overSpacing, interLesionMm }: LesionConfig,
): number {
  const steps = shortestTree(lesions)
    .map(({ mm }) => mm)
    .sort((a, b) => a - b);
  const typicalMm = steps[Math.floor(steps.length / 2)] ?? 0;
  return Math.max(reportAbove, (overSpacing * typicalMm) / interLesionMm);
}
