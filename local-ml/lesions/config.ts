import type { Wall } from '../anatomy/site-class.ts';

/** How a site judges its lesions: its protocol, not a property of this code. */
export interface LesionConfig {
  /** Ablation Index that a lesion should reach, by wall. */
  readonly indexTarget: Readonly<Record<Wall, number>>;
  /** Force-time integral that stands in where there is no index, g·s. */
  readonly ftiTargetGs: number;
  readonly forceTargetG: number;
  /** Two lesions on target that are farther apart than this leave room between them, mm. */
  readonly interLesionMm: number;
  /**
   * How a lesion's radius follows its index: in proportion from `weakBelow` of its target up to `most`, below that with
   * the power `weakPower` (a weak lesion is weaker than its share), down to `least`.
   */
  readonly radiusShare: {
    readonly least: number;
    readonly most: number;
    readonly weakBelow: number;
    readonly weakPower: number;
    /** The force-time integral tells less: by it alone no radius is smaller than this. */
    readonly leastByFti: number;
  };
  /** A case whose lesions are mostly below target is held to its own median: then one that is weak still stands out. */
  readonly ownLevel: boolean;
  /** A lesion bars the way along the surface this far, mm: not across a ridge to the next pouch. */
  readonly reachMm: number;
  /** A tag farther than this from the surface is not on it, mm. */
  readonly maxProjectionMm: number;
  /** Openings narrower than this share of `interLesionMm` are not spoken of… */
  readonly reportAbove: number;
  /** … nor those that are not this much wider than the case's own median distance of neighbours. */
  readonly overSpacing: number;
  /** A wider opening is not one place: the ring or line is unfinished there, mm. */
  readonly maxOpeningMm: number;
  /** Fewer lesions around a vein pair than this are no ring, nor are those in fewer than five of the eight sectors. */
  readonly minRingLesions: number;
  /** Fewer lesions of a line than this are no line. */
  readonly minLineLesions: number;
}

/** CLOSE: 550 in front and at the roof, 400 behind and below, 6 mm between neighbours. */
export const closeProtocol: LesionConfig = {
  indexTarget: { anterior: 550, posterior: 400 },
  ftiTargetGs: 400,
  forceTargetG: 10,
  interLesionMm: 6,
  radiusShare: { least: 0.3, most: 1.15, weakBelow: 0.9, weakPower: 2, leastByFti: 0.75 },
  ownLevel: true,
  reachMm: 12,
  maxProjectionMm: 8,
  reportAbove: 1.1,
  overSpacing: 1.75,
  maxOpeningMm: 20,
  minRingLesions: 8,
  minLineLesions: 4,
};
