import {
  confidenceEdges,
  type Drift,
  distanceEdges,
  type ModelDrift,
  maxModels,
  secondsEdges,
} from '../../protocol/drift.ts';
import type { Findings } from '../../protocol/findings.ts';

interface ModelName {
  readonly id: string;
  readonly version: string;
}

/** What is counted of a case once it was analysed, or could not be. */
export interface SeenCase {
  readonly models: { readonly regions?: ModelName; readonly sites?: ModelName };
  readonly familiarity?: { readonly distance: number; readonly verdict: 'familiar' | 'review' | 'strange' };
  /** Absent: the analysis ended with this error's code each time. */
  readonly findings?: Findings;
  readonly failure?: string;
  /** Absent: the gate was closed in between. */
  readonly seconds?: number;
}

/** The part of a case that concerns one model. */
interface Part {
  readonly verdict: keyof ModelDrift['verdicts'];
  readonly distance?: number | undefined;
  readonly confidence?: number | undefined;
  readonly abstentions: readonly string[];
  readonly sites: ModelDrift['sites'];
}

const none: ModelName = { id: 'none', version: 'none' };

/** The counters with one case more. `day`: today, UTC. */
export function counted(drift: Drift, seen: SeenCase, day: string): Drift {
  const { regions = none, sites } = seen.models;
  const withRegions = withPart(drift, regions, { ...regionsPart(seen), seconds: seen.seconds, day });
  return sites ? withPart(withRegions, sites, { ...sitesPart(seen), seconds: seen.seconds, day }) : withRegions;
}

/** Everything that is said of the case as a whole stands with the model that says where what is. */
function regionsPart({ findings, failure, familiarity }: SeenCase): Part {
  const abstained = (findings?.abstentions ?? []).filter(({ of }) => of !== 'sites');
  return {
    verdict: familiarity?.verdict ?? 'unknown',
    distance: familiarity?.distance,
    confidence: findings?.regions?.meanConfidence,
    abstentions: [...abstained.map(nameOf), ...(failure === undefined ? [] : [`analysis:${failure}`])],
    sites: { named: 0, otherByRules: 0 },
  };
}

function sitesPart({ findings }: SeenCase): Part {
  const named = (findings?.sites ?? []).filter(({ by }) => by === 'model');
  const sum = named.reduce((total, { confidence }) => total + confidence, 0);
  return {
    verdict: 'unknown',
    confidence: named.length === 0 ? undefined : sum / named.length,
    abstentions: (findings?.abstentions ?? []).filter(({ of }) => of === 'sites').map(nameOf),
    sites: { named: named.length, otherByRules: named.filter(({ rules }) => rules !== undefined).length },
  };
}

function nameOf({ of, reason }: Findings['abstentions'][number]): string {
  return `${of}:${reason}`;
}

function withPart(
  drift: Drift,
  { id, version }: ModelName,
  part: Part & { readonly seconds: number | undefined; readonly day: string },
): Drift {
  const isIt = (one: ModelDrift) => one.id === id && one.version === version;
  const before = drift.find(isIt) ?? fresh({ id, version }, part.day);
  const after: ModelDrift = {
    ...before,
    cases: before.cases + 1,
    verdicts: { ...before.verdicts, [part.verdict]: before.verdicts[part.verdict] + 1 },
    distance: added(before.distance, distanceEdges, part.distance),
    confidence: added(before.confidence, confidenceEdges, part.confidence),
    seconds: added(before.seconds, secondsEdges, part.seconds),
    abstentions: tallied(before.abstentions, part.abstentions),
    sites: {
      named: before.sites.named + part.sites.named,
      otherByRules: before.sites.otherByRules + part.sites.otherByRules,
    },
  };
  // The one that was used longest ago is last, and is the first to go.
  return [after, ...drift.filter((one) => !isIt(one))].slice(0, maxModels);
}

function tallied(before: ModelDrift['abstentions'], names: readonly string[]): ModelDrift['abstentions'] {
  const tally = { ...before };
  for (const name of names) tally[name] = (tally[name] ?? 0) + 1;
  return tally;
}

/** Not a number is beyond the last edge: it is as far from what is known as can be. */
function added(classes: readonly number[], edges: readonly number[], value: number | undefined): number[] {
  if (value === undefined) return [...classes];
  const at = edges.findIndex((edge) => value <= edge);
  return classes.with(at === -1 ? edges.length : at, (classes.at(at) ?? 0) + 1);
}

function fresh({ id, version }: ModelName, since: string): ModelDrift {
  const zeros = (edges: readonly number[]) => new Array<number>(edges.length + 1).fill(0);
  return {
    ...{ id, version, since, cases: 0, verdicts: { familiar: 0, review: 0, strange: 0, unknown: 0 } },
    ...{ distance: zeros(distanceEdges), confidence: zeros(confidenceEdges), seconds: zeros(secondsEdges) },
    ...{ abstentions: {}, sites: { named: 0, otherByRules: 0 } },
  };
}
