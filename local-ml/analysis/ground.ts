import type { WallName } from '../../protocol/findings.ts';
import {
  distanceToVeinsMm,
  isVein,
  labelNumber,
  type Side,
  type SideFrame,
  sideFrame,
  sides,
  verticesWith,
} from '../anatomy/anatomy.ts';
import { leftnessOf, type SiteGround, wallAt } from '../anatomy/site-rules.ts';
import type { RingGround } from '../lesions/rings.ts';
import { glance } from '../look.ts';
import { type Graph, geodesicMm, graphOf } from '../mesh/geodesic.ts';
import { halfEdgesOf } from '../mesh/half-edges.ts';
import { mapPlaces } from '../mesh/places.ts';
import { labelsOfSubdivided, meanEdgeMm, subdivide } from '../mesh/subdivide.ts';
import type { SoundSurface } from '../mesh/validate.ts';
import { subtract, type Vector3, vectorAt } from '../mesh/vector.ts';
import { identity, type Rotation, turned } from '../segmentation/rotation.ts';
import type { Shell } from '../segmentation/shell.ts';

/** A chamber whose parts are known, in its own pose: what sites, walls and rings are found on. */
export interface Ground extends SiteGround {
  readonly graph: Graph;
  /** Into the pose in which left is left: for places of lesions. */
  readonly canonical: (place: Vector3) => Vector3;
  /** n, mm: from the valve, be it a cap or a wide hole. */
  readonly valveMm: Float64Array;
}

export interface Labelling {
  readonly labels: Uint8Array;
  /** n, 0 to 1. */
  readonly confidence: Float64Array;
  /** Into the pose of the models; absent: the frame is the pose. */
  readonly turn?: Rotation;
  readonly centreMm?: Vector3;
}

export function groundOf(surface: SoundSurface, shell: Shell, labelling: Labelling): Ground {
  const { labels, confidence, turn = identity, centreMm = [0, 0, 0] } = labelling;
  const canonical = (place: Vector3) => turned(turn, subtract(place, centreMm));
  const positionsMm = mapPlaces(surface.positionsMm, canonical);
  const graph = graphOf(surface, surface.halfEdges);
  const frames: Partial<Record<Side, SideFrame>> = {};
  for (const side of sides) {
    const frame = sideFrame(side, { positionsMm, triangles: surface.triangles, labels }, surface.halfEdges);
    if (frame) frames[side] = frame;
  }
  return {
    ...{ positionsMm, labels, confidence, frames, graph, canonical },
    normals: mapPlaces(shell.normals, (normal) => turned(turn, normal)),
    veinsMm: { L: distanceToVeinsMm(graph, labels, 'L'), R: distanceToVeinsMm(graph, labels, 'R') },
    appendageMm: geodesicMm(
      graph,
      verticesWith(labels, (label) => label === labelNumber.LAA),
    ),
    valveMm: geodesicMm(graph, valveVertices(surface, labels)),
  };
}

/** How far the vestibule of the valve reaches on the body, mm. */
const vestibuleMm = 8;
const wideRimMm = 60;

function valveVertices({ halfEdges, triangles, positionsMm }: SoundSurface, labels: Uint8Array): number[] {
  const found = verticesWith(labels, (label) => label === labelNumber.MV);
  if (found.length > 0) return found;
  const rim: number[] = [];
  let lengthMm = 0;
  for (let half = 0; half < triangles.length; half++) {
    if (halfEdges.twin[half] !== -1 || isVein(labels[triangles[half]!]!)) continue;
    rim.push(triangles[half]!);
    const next = half % 3 === 2 ? half - 2 : half + 1;
    const [x, y, z] = subtract(vectorAt(positionsMm, triangles[next]!), vectorAt(positionsMm, triangles[half]!));
    lengthMm += Math.sqrt(x * x + y * y + z * z);
  }
  return lengthMm >= wideRimMm ? rim : [];
}

/** Of each triangle the wall of the body that it belongs to; undefined in veins, appendage and valve, and where `isLeftOut`. */
export function wallsOf(
  ground: Ground,
  triangles: Uint32Array,
  isLeftOut: (vertex: number) => boolean,
): (WallName | undefined)[] {
  const { labels, normals, veinsMm, valveMm } = ground;
  const ofVertex = Array.from(labels, (label, vertex): WallName | undefined => {
    glance(vertex);
    if (label !== labelNumber.BODY || isLeftOut(vertex)) return undefined;
    if (valveMm[vertex]! <= vestibuleMm) return 'mitral';
    return wallAt(vectorAt(normals, vertex), leftnessOf({ L: veinsMm.L[vertex]!, R: veinsMm.R[vertex]! }));
  });
  return Array.from({ length: triangles.length / 3 }, (_, t) => {
    const [a, b, c] = [0, 1, 2].map((k) => ofVertex[triangles[3 * t + k]!]);
    return b === c ? b : a;
  });
}

/** Ways between lesions are looked for on a mesh that is at least this fine, mm, where it is not too large already. */
const fineEdgeMm = 1.6;
const mostFineVertices = 120_000;

/** The ground that rings and lines are looked for on; its first vertices are those of the surface. */
export function ringGroundOf(surface: SoundSurface, { graph, labels, veinsMm }: Ground): RingGround {
  let fine: RingGround = { surface, graph, labels, veinsMm };
  while (meanEdgeMm(fine.surface) > fineEdgeMm && fine.labels.length * 4 < mostFineVertices) {
    const finer = subdivide(fine.surface);
    const finerLabels = labelsOfSubdivided(fine.labels, finer);
    const finerGraph = graphOf(finer, halfEdgesOf(finer));
    const veins = {
      L: distanceToVeinsMm(finerGraph, finerLabels, 'L'),
      R: distanceToVeinsMm(finerGraph, finerLabels, 'R'),
    };
    fine = { surface: finer, graph: finerGraph, labels: finerLabels, veinsMm: veins };
  }
  return fine;
}
