import { type Canary, canariesOf } from './canaries.ts';
import type { Variant } from './chamber.ts';
import type { PlannedGap } from './lesions.ts';
import type { SimulatedStudy } from './study.ts';
import type { Vector } from './vector.ts';

/** What is true of a simulated study, for whoever measures a finding: never part of the export. Places in mm, map frame. */
export interface StudyTruth {
  readonly format: 'vestibule-truth/1';
  readonly seed: number;
  readonly generation: string;
  readonly chamber: string;
  readonly variant: Variant;
  readonly vessels: readonly {
    readonly name: string;
    readonly ostium: Vector;
    /** Outward, unit length. */
    readonly direction: Vector;
    readonly radiusMm: number;
  }[];
  readonly valve: { readonly name: string; readonly centre: Vector; readonly normal: Vector };
  readonly appendage: Vector | null;
  /** Where the wave enters the chamber. */
  readonly entrance: Vector;
  readonly scar: { readonly centre: Vector } | null;
  /** Every lesion that left a site, by the number that the lesion table gives it. */
  readonly lesions: readonly {
    readonly site: number;
    readonly session: number;
    readonly line: string;
    readonly wall: string;
    readonly highPower: boolean;
    readonly place: Vector;
    readonly index: number;
  }[];
  readonly gap: PlannedGap | null;
  readonly canaries: readonly Canary[];
}

export function truthOf(study: SimulatedStudy): StudyTruth {
  const { chamber, options, gap } = study;
  const { name, centre, normal } = chamber.valve;
  const patch = study.maps[0]!.fields?.patch;
  return {
    format: 'vestibule-truth/1',
    seed: study.seed,
    generation: study.generation.name,
    chamber: chamber.kind,
    variant: chamber.variant,
    vessels: chamber.vessels,
    valve: { name, centre, normal },
    appendage: chamber.appendage ?? null,
    entrance: chamber.entrance,
    scar: patch ? { centre: patch } : null,
    lesions: study.applications.flatMap(({ session, sites, highPower }) =>
      sites.map(({ index, target, place, tagIndex }) => ({
        ...{ site: index, session, line: target.line, wall: target.wall, highPower, place, index: tagIndex },
      })),
    ),
    gap: gap ?? null,
    canaries: options.canaries ? canariesOf(study.seed) : [],
  };
}
