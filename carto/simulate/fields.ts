import { type Chamber, onLid, vesselDepth } from './chamber.ts';
import { type Mesh, nearestVertex } from './mesh.ts';
import type { Random } from './random.ts';
import { add, distanceBetween, dot, scale, type Vector, vectorAt } from './vector.ts';
import { arrivalTimes } from './wavefront.ts';

/** What the tissue shows at each vertex of a mesh. */
export interface Fields {
  readonly unipolarMv: Float64Array;
  readonly bipolarMv: Float64Array;
  /** Against the reference annotation. */
  readonly latMs: Float64Array;
  readonly impedanceOhm: Float64Array;
  readonly forceG: Float64Array;
  readonly scar: Uint8Array;
  /** Centre of the low-voltage patch. */
  readonly patch: Vector;
}

const earliestMs = -45;
const latestMs = 100;
const scarMv = 0.1;

/**
 * Draws the tissue of one chamber: healthy voltage with slow variation, vessels low, one low-voltage patch, one beat.
 * `isolated`: the vessels are dead, as after an ablation around them.
 */
export function makeFields(chamber: Chamber, mesh: Mesh, random: Random, isolated = false): Fields {
  const { tissue } = chamber;
  const count = mesh.vertices.length / 3;
  const patch = placePatch(chamber, mesh, random);
  const radius = random.between(...tissue.scarMm);
  const [coarse, fine, rest] = [waves(random, 40), waves(random, 14), waves(random, 30)];
  const fields = {
    unipolarMv: new Float64Array(count),
    bipolarMv: new Float64Array(count),
    impedanceOhm: new Float64Array(count),
    forceG: new Float64Array(count),
    scar: new Uint8Array(count),
  };
  const slowness = new Float64Array(count);
  for (let n = 0; n < count; n += 1) {
    const place = vectorAt(mesh.vertices, n);
    const depth = vesselDepth(chamber, place);
    const ill = 1 - smoothStep(radius * 0.55, radius * 1.2, distanceBetween(place, patch) + 2 * fine(place));
    const lid = onLid(chamber, place) ? 0.25 : 1;
    const fall = isolated ? (depth > 0 ? 0.02 : 1) : Math.exp(-depth / 14);
    const healthy = tissue.healthyMv * (1 + 0.4 * coarse(place) + 0.15 * fine(place)) * fall * lid;
    fields.bipolarMv[n] = Math.max(0.05, healthy * (1 - ill) + ill * (0.14 + 0.08 * fine(place)));
    fields.unipolarMv[n] =
      tissue.unipolarMv[0] + tissue.unipolarMv[1] * fields.bipolarMv[n]! * (1 + 0.12 * rest(place));
    fields.impedanceOhm[n] = 102 + 18 * (1 - Math.exp(-depth / 10)) + 4 * rest(place);
    fields.forceG[n] = 9 + 4 * coarse(place) - 2 * fine(place);
    fields.scar[n] = fields.bipolarMv[n]! < scarMv ? 1 : 0;
    slowness[n] = 1 / (tissue.speed * (1 - 0.57 * ill));
  }
  const times = arrivalTimes(mesh, nearestVertex(mesh, chamber.entrance), slowness);
  const latMs = times.map((time) => Math.min(latestMs, earliestMs + time));
  return { ...fields, latMs, patch };
}

function placePatch({ centre, tissue }: Chamber, mesh: Mesh, random: Random): Vector {
  const { scarSpots } = tissue;
  const spot = scarSpots[random.integer(0, scarSpots.length - 1)]!;
  const near = add(centre, add(spot, [random.between(-4, 4), random.between(-4, 4), 0]));
  return vectorAt(mesh.vertices, nearestVertex(mesh, near));
}

/** A smooth random field in about -1..1: three plane waves of about the given length. */
function waves(random: Random, lengthMm: number): (place: Vector) => number {
  const parts = [0, 1, 2].map(() => {
    const way: Vector = [random.normal(), random.normal(), random.normal()];
    const size = Math.sqrt(dot(way, way)) || 1;
    return {
      way: scale(way, (2 * Math.PI) / (size * lengthMm * random.between(0.8, 1.25))),
      phase: random.between(0, 7),
    };
  });
  return (place) => parts.reduce((sum, { way, phase }) => sum + Math.sin(dot(way, place) + phase) / 3, 0);
}

function smoothStep(from: number, to: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return share * share * (3 - 2 * share);
}
