import type { Abstention } from '../../protocol/findings.ts';
import { isVein, labelNumber, regionLabels, type Side, sideOfVein } from '../anatomy/anatomy.ts';
import { PointGrid } from '../mesh/point-grid.ts';
import type { Vector3 } from '../mesh/vector.ts';
import type { CaseInput } from './case-input.ts';
import type { Ground } from './ground.ts';

/** Parts of a left atrium that take up less of it than this are not there, of the whole area. */
const leastShare = 0.004;
/** The middles of left and right veins are at least this far apart, mm. */
const leastSpanMm = 20;
/** A tag tells of a label that is at most this far from it, mm. */
const tagReachMm = 12;

/**
 * Whether what was found can be a left atrium that stands as the frame says: by parts, by their places, and by what staff
 * tagged. A mirrored shell looks like one in shape alone, so cues that know left from right are asked. The first conflict.
 */
export function frameConflict(
  ground: Ground,
  vertexAreasMm2: Float64Array,
  tags: CaseInput['tags'],
): Abstention | undefined {
  const middles = middlesOf(ground, vertexAreasMm2);
  const missing = (['BODY', 'LSPV', 'LIPV', 'RSPV', 'RIPV'] as const).filter((label) => !middles.has(label));
  const sidesMissing = (['L', 'R'] as const).filter((side) =>
    [`${side}SPV`, `${side}IPV`].every((vein) => missing.some((label) => label === vein)),
  );
  if (missing.includes('BODY') || sidesMissing.length > 0 || missing.length > 1) {
    return { of: 'regions', reason: 'anatomy-incomplete', found: `without ${missing.join(' ')}` };
  }
  return misplaced(middles) ?? againstTags(ground, tags);
}

type Middles = ReadonlyMap<string, Vector3>;

/** Left veins are left, superior ones above, the appendage on the left and in front of the veins. */
function misplaced(middles: Middles): Abstention | undefined {
  const of = (side: Side) =>
    [`${side}SPV`, `${side}IPV`].flatMap((vein) => (middles.has(vein) ? [middles.get(vein)!] : []));
  const mean = (places: readonly Vector3[], axis: 0 | 1 | 2) =>
    places.reduce((sum, place) => sum + place[axis], 0) / places.length;
  const [left, right] = [of('L'), of('R')];
  if (mean(left, 0) - mean(right, 0) < leastSpanMm)
    return { of: 'regions', reason: 'pose-conflict', found: 'left veins are not left of the right ones' };
  for (const side of ['L', 'R']) {
    const [superior, inferior] = [middles.get(`${side}SPV`), middles.get(`${side}IPV`)];
    if (superior && inferior && superior[2] <= inferior[2])
      return { of: 'regions', reason: 'pose-conflict', found: 'a superior vein is below the inferior one' };
  }
  const appendage = middles.get('LAA');
  if (!appendage) return undefined;
  if (appendage[0] < (mean(left, 0) + mean(right, 0)) / 2)
    return { of: 'regions', reason: 'mirrored', found: 'the appendage is on the right' };
  if (appendage[1] > mean(left, 1))
    return { of: 'regions', reason: 'pose-conflict', found: 'the appendage is behind the veins' };
  return undefined;
}

/** Tags of veins stand at veins of their side, tags of the mitral valve not at those of a side. */
function againstTags({ positionsMm, labels, canonical }: Ground, tags: CaseInput['tags']): Abstention | undefined {
  if (tags.some(({ name }) => name === 'TA') && !tags.some(({ name }) => name === 'MA')) {
    return { of: 'regions', reason: 'not-left-atrium', found: 'a tricuspid annulus is tagged' };
  }
  const veinVertices = [...labels.entries()].flatMap(([at, label]) => (isVein(label) ? [at] : []));
  const grid = new PointGrid(
    veinVertices.flatMap((at) => [positionsMm[3 * at]!, positionsMm[3 * at + 1]!, positionsMm[3 * at + 2]!]),
  );
  let [agreeing, contradicting] = [0, 0];
  for (const { name, placeMm } of tags) {
    if (!/^[LR][SI]PV$/.test(name)) continue;
    const { index, squared } = grid.nearest(canonical(placeMm), 1);
    if (index.length === 0 || Math.sqrt(squared[0]!) > tagReachMm) continue;
    const label = labels[veinVertices[index[0]!]!]!;
    if (sideOfVein(label) === name[0]) agreeing++;
    else contradicting++;
  }
  if (contradicting === 0 || contradicting < agreeing / 2) return undefined;
  return {
    of: 'regions',
    reason: 'tags-contradict',
    found: `${contradicting} of ${agreeing + contradicting} tagged veins on the other side`,
  };
}

/** The area-weighted middle of each label that takes up enough. */
function middlesOf({ positionsMm, labels }: Ground, areasMm2: Float64Array): Middles {
  const sums = regionLabels.map(() => ({ area: 0, x: 0, y: 0, z: 0 }));
  let total = 0;
  for (const [at, label] of labels.entries()) {
    const sum = sums[label]!;
    const area = areasMm2[at]!;
    total += area;
    sum.area += area;
    sum.x += area * positionsMm[3 * at]!;
    sum.y += area * positionsMm[3 * at + 1]!;
    sum.z += area * positionsMm[3 * at + 2]!;
  }
  return new Map(
    sums.flatMap(({ area, x, y, z }, label) => {
      const isEnough = area >= leastShare * total && label !== labelNumber.MV;
      return isEnough ? [[regionLabels[label] as string, [x / area, y / area, z / area] as const] as const] : [];
    }),
  );
}
