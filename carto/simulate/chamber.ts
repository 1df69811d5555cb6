import type { Distance } from './distance.ts';
import { across, add, cross, dot, length, scale, subtract, unit, type Vector } from './vector.ts';

export const chamberKinds = ['left-atrium', 'right-atrium', 'left-ventricle'] as const;
export type ChamberKind = (typeof chamberKinds)[number];

/** How the veins of a left atrium run. */
export const variants = ['typical', 'common-trunk', 'right-middle'] as const;
export type Variant = (typeof variants)[number];

/** A vessel that leaves the body of a chamber: a tapered, curved tube. */
export interface Vessel {
  readonly name: 'LSPV' | 'LIPV' | 'RSPV' | 'RIPV' | 'RMPV' | 'SVC' | 'IVC' | 'CS' | 'LVOT';
  /** Where the vessel leaves the body, on its axis. */
  readonly ostium: Vector;
  /** From the ostium outward, unit length. */
  readonly direction: Vector;
  readonly radiusMm: number;
}

/** A valve: the surface is closed there by a flat lid. */
export interface Valve {
  readonly name: 'MA' | 'TA';
  readonly centre: Vector;
  readonly normal: Vector;
  /** Nothing beyond this far from the centre belongs to the lid, mm. */
  readonly reachMm: number;
}

/** A made-up chamber of a heart. All places in one frame: x left, y superior, z anterior, mm. */
export interface Chamber {
  readonly kind: ChamberKind;
  readonly variant: Variant;
  readonly distance: Distance;
  readonly bounds: { readonly low: Vector; readonly high: Vector };
  readonly centre: Vector;
  readonly vessels: readonly Vessel[];
  readonly valve: Valve;
  /** Where the wave enters. */
  readonly entrance: Vector;
  readonly appendage?: Vector;
  readonly tissue: Tissue;
}

/** What the wall of a chamber is like. */
export interface Tissue {
  readonly healthyMv: number;
  /** Unipolar voltage: so much, and so much more per mV of the bipolar one. */
  readonly unipolarMv: readonly [base: number, perMv: number];
  /** mm per ms. */
  readonly speed: number;
  /** Places of scar, against the centre; one is drawn. */
  readonly scarSpots: readonly Vector[];
  readonly scarMm: readonly [least: number, most: number];
  /** The reference annotation, ms after the peak of the P wave: 0 on the P wave itself. */
  readonly referenceMs: number;
}

/** How far out in a vessel a place lies, in mm from the ostium; 0 in the body. */
export function vesselDepth(chamber: Chamber, place: Vector): number {
  let deepest = 0;
  for (const { ostium, direction, radiusMm } of chamber.vessels) {
    const from = subtract(place, ostium);
    const depth = dot(from, direction);
    if (depth > deepest && length(across(from, direction)) < 2 * radiusMm + 0.35 * depth) deepest = depth;
  }
  return deepest;
}

/** True on the flat lid that closes the mesh at the valve: no tissue, so no measurement there. */
export function onLid({ valve }: Chamber, place: Vector): boolean {
  const from = subtract(place, valve.centre);
  return Math.abs(dot(from, valve.normal)) < 0.6 && length(from) < valve.reachMm;
}

/** The rim of the valve's lid as a closed loop of places. */
export function valveRim({ distance, valve }: Chamber): Vector[] {
  const { centre, normal } = valve;
  const right = unit(across([1, 0, 0], normal));
  const up = cross(normal, right);
  const seat = subtract(centre, scale(normal, 1));
  return Array.from({ length: 36 }, (_, n) => {
    const angle = (2 * Math.PI * n) / 36;
    const way = add(scale(right, Math.cos(angle)), scale(up, Math.sin(angle)));
    let far = 0;
    while (far < 30 && distance(...add(seat, scale(way, far))) < 0) far += 0.25;
    return add(seat, scale(way, far));
  });
}
