import type { Checkpoint } from '../../core/gate-flag.ts';
import { version } from '../../core/version.ts';
import { type Abstention, type Findings, findingsSchema, notForDiagnosis } from '../../protocol/findings.ts';
import { regionLabels } from '../anatomy/anatomy.ts';
import { shortestTree, summariseLesions, summaryOf } from '../lesions/summary.ts';
import { look } from '../look.ts';
import { vertexAreasMm2 } from '../mesh/measure.ts';
import { boundaryLoops } from '../mesh/pieces.ts';
import { type SoundSurface, validate } from '../mesh/validate.ts';
import type { Familiarity } from '../segmentation/familiarity.ts';
import { angleDegrees } from '../segmentation/rotation.ts';
import { type Shell, shellOf } from '../segmentation/shell.ts';
import { type CaseInput, digestOf } from './case-input.ts';
import type { AnalysisConfig } from './config.ts';
import { discontinuitiesOf, linesFound } from './discontinuity.ts';
import {
  type FoundLines,
  type FoundSite,
  findLines,
  findSites,
  type PlacedLesions,
  placeOnSurface,
} from './find-lesions.ts';
import { type FoundRegions, findRegions, type LoadedModel } from './find-regions.ts';
import { findVoltage } from './find-voltage.ts';
import { labelsDigest } from './labels-digest.ts';
import { rounded } from './round.ts';

export interface AnalyseDeps {
  readonly config: AnalysisConfig;
  /** Absent: what needs it is not said. */
  readonly models: { readonly regions?: LoadedModel; readonly sites?: LoadedModel };
  /** Why a model is not among them although it should be, by code. */
  readonly regionsFailure?: string;
  readonly sitesFailure?: string;
  readonly runtime: { readonly name: string; readonly instructionSet: string };
  readonly checkpoint: Checkpoint;
}

/** What was found, with what a report draws; only `findings` is kept. */
export interface Analysis {
  readonly findings: Findings;
  readonly input: CaseInput;
  readonly surface?: SoundSurface;
  readonly bipolarMv?: Float64Array;
  readonly found?: FoundRegions;
  /** Also of a shell that is so strange that its regions are not said. */
  readonly familiarity?: Familiarity;
  readonly placed?: PlacedLesions;
  readonly sites?: readonly FoundSite[];
  readonly lines?: FoundLines;
}

/**
 * The analysis of one case: everything that can be said of it, and why the rest is not said. Throws only what is no
 * property of the case. The same input, settings and models give the same findings.
 */
export async function analyse(input: CaseInput, deps: AnalyseDeps): Promise<Analysis> {
  const { config, models, checkpoint } = deps;
  await checkpoint();
  const validation = validate(input.surface, config.surface);
  if ('flaw' in validation) {
    const abstention: Abstention = { of: 'everything', reason: validation.flaw, found: validation.found };
    return { findings: finish(input, deps, [abstention], {}), input };
  }
  const { sound: surface } = validation;
  const shell = shellOf(surface, surface.halfEdges);
  const bipolarMv = voltagesOn(surface, input);
  await checkpoint();
  const ask = { surface, shell, input, failure: deps.regionsFailure };
  const regions = await findRegions(ask, models.regions, { checkpoint, limits: config.pose });
  const found = 'ground' in regions ? regions : undefined;
  const abstentions: Abstention[] = 'ground' in regions ? [] : [regions.abstention];
  const onSurface = placeOnSurface(input, surface, config);
  const placed = 'placed' in onSurface ? onSurface : undefined;
  if (!('placed' in onSurface)) abstentions.push(onSurface);
  const { sites, lines } = await sitesAndLines({ surface, shell, found, placed }, deps, abstentions);
  await checkpoint();
  const enclosed = (lines?.rings ?? []).flatMap((ring) => ring.enclosed ?? []);
  const isEnclosed = (vertex: number) => enclosed.some((inside) => inside[vertex] === 1);
  const voltage = findVoltage({ surface, bipolarMv, input, config }, found && { ground: found.ground, isEnclosed });
  if ('reason' in voltage) abstentions.push(voltage);
  await checkpoint();
  const findings = finish(input, deps, abstentions, {
    chamber: chamberOf(surface),
    ...(found ? { regions: regionsFindings(found, surface, input) } : {}),
    ...('reason' in voltage ? {} : { voltage }),
    ...(placed ? { lesions: lesionFindings(placed, lines, config) } : {}),
    ...(sites ? { sites: sites.map(siteFinding) } : {}),
    ...(found && lines
      ? {
          lines: linesFound(lines, config.lesions),
          discontinuities: discontinuitiesOf(lines, found.ground, config.lesions),
        }
      : {}),
  });
  const { familiarity } = regions;
  return { findings, input, surface, bipolarMv, ...defined({ found, familiarity, placed, sites, lines }) };
}

async function sitesAndLines(
  {
    surface,
    shell,
    found,
    placed,
  }: {
    readonly surface: SoundSurface;
    readonly shell: Shell;
    readonly found: FoundRegions | undefined;
    readonly placed: PlacedLesions | undefined;
  },
  { config, models, checkpoint, sitesFailure }: AnalyseDeps,
  abstentions: Abstention[],
): Promise<{ readonly sites?: readonly FoundSite[]; readonly lines?: FoundLines }> {
  if (!placed) return {};
  if (!found) {
    abstentions.push({ of: 'sites', reason: 'regions-unknown' }, { of: 'discontinuities', reason: 'regions-unknown' });
    return {};
  }
  await checkpoint();
  const { sites, failure } = await findSites(placed.placed, { shell, found, model: models.sites });
  if (failure) abstentions.push(failure);
  else if (sitesFailure !== undefined) abstentions.push({ of: 'sites', reason: 'model-failed', found: sitesFailure });
  await checkpoint();
  return { sites, lines: findLines(sites, { surface, found, config, inHoles: placed.inHoles }) };
}

/** The voltages of the piece that is measured. */
function voltagesOn({ sourceVertex }: SoundSurface, input: CaseInput): Float64Array {
  const bySource = new Map(Array.from(input.surface.sourceVertex, (source, at) => [source, at]));
  return Float64Array.from(sourceVertex, (source) => input.bipolarMv[bySource.get(source)!]!);
}

function chamberOf(surface: SoundSurface): NonNullable<Findings['chamber']> {
  const { areaCm2, volumeMl, debrisTriangles, halfEdges } = surface;
  return { areaCm2, volumeMl, holes: boundaryLoops(surface, halfEdges).length, debrisTriangles };
}

function regionsFindings(
  { regions, familiarity, ground }: FoundRegions,
  surface: SoundSurface,
  input: CaseInput,
): NonNullable<Findings['regions']> {
  const areas = new Array<number>(regionLabels.length).fill(0);
  for (const [at, area] of vertexAreasMm2(surface, surface.areasMm2).entries())
    areas[regions.labels[at]!]! += area / 100;
  const present = regionLabels.flatMap((label, at) => (areas[at]! > 0 ? [[label, areas[at]!] as const] : []));
  return {
    areasCm2: Object.fromEntries(present),
    meanConfidence: ground.confidence.reduce((sum, one) => sum + one, 0) / ground.confidence.length,
    turnDegrees: angleDegrees(regions.pose.rotation),
    residualMm: regions.pose.residualMm,
    ...(familiarity && familiarity.verdict !== 'strange'
      ? { familiarity: { ...familiarity, verdict: familiarity.verdict } }
      : {}),
    labelsSha256: labelsDigest(regions.labels, surface.sourceVertex, input.meshVertices),
  };
}

function lesionFindings(
  { placed, offSurface }: PlacedLesions,
  lines: FoundLines | undefined,
  { lesions: config }: AnalysisConfig,
): NonNullable<Findings['lesions']> {
  const between = shortestTree(placed).map(({ mm }) => mm);
  return {
    all: lines ? summaryOf(lines.lesions, between, config, ({ site }) => site) : summaryOf(placed, between, config),
    offSurface,
    segments: lines ? [...summariseLesions(lines.lesions, config)] : [],
  };
}

function siteFinding({ lesion, site, by, confidence, rules }: FoundSite): NonNullable<Findings['sites']>[number] {
  return { lesion: lesion.order, site, by, confidence, ...(rules === site ? {} : { rules }) };
}

/** The whole document: checked against its schema, rounded. */
function finish(
  input: CaseInput,
  deps: AnalyseDeps,
  abstentions: readonly Abstention[],
  parts: Partial<Findings>,
): Findings {
  const { config, models, runtime } = deps;
  look();
  const measured = rounded(parts);
  look();
  const used = parts.regions
    ? [models.regions, parts.sites?.some(({ by }) => by === 'model') ? models.sites : undefined]
    : [];
  return findingsSchema.parse({
    schema: 'vestibule-findings/1',
    notice: notForDiagnosis,
    software: { version: version(), runtime: runtime.name, instructionSet: runtime.instructionSet },
    models: used.flatMap((model) => {
      if (!model) return [];
      const { manifest, sha256 } = model.bundle;
      return [{ id: manifest.id, version: manifest.version, sha256 }];
    }),
    settings: { voltage: config.voltage, lesions: config.lesions },
    input: {
      ...{ sha256: digestOf(input), chamberHint: input.chamberHint },
      ...(input.map === undefined ? {} : { map: input.map }),
      vertices: input.surface.positionsMm.length / 3,
      triangles: input.surface.triangles.length / 3,
      ...{ lesions: input.lesions.length, mappedPoints: input.mappedMm.length / 3 },
    },
    abstentions,
    needsReview:
      parts.regions?.familiarity?.verdict === 'review' ||
      (parts.regions?.residualMm ?? 0) > config.pose.reviewResidualMm ||
      abstentions.some(({ reason }) => reviewed.has(reason)),
    ...measured,
  });
}

/** Reasons that speak of a case that is not what it seems. */
const reviewed: ReadonlySet<string> = new Set([
  'pose-conflict',
  'mirrored',
  'tags-contradict',
  'inside-out',
  'wrong-units',
  'lesions-off-surface',
]);

function defined<T extends object>(parts: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}
