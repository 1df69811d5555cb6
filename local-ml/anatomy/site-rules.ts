import { type Vector3, vectorAt } from '../mesh/vector.ts';
import { clockAngle, labelNumber, type Side, type SideFrame, sides } from './anatomy.ts';
import { marginDegrees, type SiteClass, sectorAt } from './site-class.ts';

/** What the rules look at: a surface in LPS, its labels, and the distances along it. */
export interface SiteGround {
  /** 3n, mm. */
  readonly positionsMm: Float64Array;
  /** 3n, outward. */
  readonly normals: Float64Array;
  /** n. */
  readonly labels: Uint8Array;
  /** n, 0 to 1: how sure the label is. */
  readonly confidence: Float64Array;
  readonly frames: Readonly<Partial<Record<Side, SideFrame>>>;
  /** n, mm: from the veins of a side; from the appendage. Infinity where there are none. */
  readonly veinsMm: Readonly<Record<Side, Float64Array>>;
  readonly appendageMm: Float64Array;
}

export interface RuledSite {
  readonly site: SiteClass;
  readonly confidence: number;
}

/** Lesions up to this far from a vein, along the surface, belong to its pair's ring, mm. */
const ringReachMm = 12;

/**
 * The anatomical site of a lesion by geometry alone: the sanity check of the model, and what stands in where there is
 * none. Near the veins by the clock of their pair, elsewhere by which way the wall faces and how far left or right it is.
 */
export function ruleSite(
  ground: SiteGround,
  lesion: { readonly vertex: number; readonly placeMm: Vector3 },
): RuledSite {
  const { vertex, placeMm } = lesion;
  const away = { L: ground.veinsMm.L[vertex]!, R: ground.veinsMm.R[vertex]! };
  const side = sides.find((one) => ground.frames[one] && away[one] <= Math.min(ringReachMm, away.L, away.R));
  const sure = ground.confidence[vertex]!;
  const frame = side && ground.frames[side];
  if (!frame) {
    const site = elsewhere(ground, vertex, away);
    return { site, confidence: sure * 0.9 };
  }
  const angle = clockAngle(frame, placeMm);
  return { site: `${frame.side}_${sectorAt(angle)}`, confidence: Math.min(sure, 0.5 + marginDegrees(angle) / 20, 1) };
}

function elsewhere(ground: SiteGround, vertex: number, away: Readonly<Record<Side, number>>): SiteClass {
  if (ground.labels[vertex] === labelNumber.LAA || ground.appendageMm[vertex]! < 3) return 'LAA';
  return siteOfWall[wallAt(vectorAt(ground.normals, vertex), leftnessOf(away))];
}

export type BodyWall = 'roof' | 'posterior' | 'inferior' | 'lateral' | 'anterior' | 'septal';

const siteOfWall = {
  roof: 'ROOF_LINE',
  posterior: 'POSTERIOR_WALL',
  inferior: 'INFERIOR_LINE',
  lateral: 'MITRAL_ISTHMUS',
  septal: 'SEPTUM',
  anterior: 'ANTERIOR_WALL',
} as const satisfies Readonly<Record<BodyWall, SiteClass>>;

/** Which wall of the body a place belongs to: by the way it faces (LPS), and how far left it is (0 right to 1 left). */
export function wallAt([, toBack, up]: Vector3, leftness: number): BodyWall {
  if (up > 0.6 && leftness > 0.2 && leftness < 0.8) return 'roof';
  if (toBack > 0.35) return 'posterior';
  if (up <= -0.6) return 'inferior';
  if (leftness > 0.68 && up < 0.3) return 'lateral';
  return leftness < 0.32 ? 'septal' : 'anterior';
}

/** 0 at the right veins, 1 at the left ones, by distances along the surface. */
export function leftnessOf({ L, R }: Readonly<Record<Side, number>>): number {
  if (!Number.isFinite(L) || !Number.isFinite(R)) return Number.isFinite(L) ? 1 : Number.isFinite(R) ? 0 : 0.5;
  return L + R > 0 ? R / (L + R) : 0.5;
}
