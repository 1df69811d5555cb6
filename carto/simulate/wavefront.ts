import { type Mesh, neighboursOf } from './mesh.ts';
import { distanceBetween, vectorAt } from './vector.ts';

/**
 * Arrival time in ms of a wave that starts at one vertex and runs along the surface, where `slowness` (ms per mm)
 * may differ from vertex to vertex.
 */
export function arrivalTimes(mesh: Mesh, start: number, slowness: Float64Array): Float64Array {
  const count = mesh.vertices.length / 3;
  const neighbours = neighboursOf(count, mesh.triangles);
  const times = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const front: Front = [];
  times[start] = 0;
  push(front, [0, start]);
  for (let next = pop(front); next; next = pop(front)) {
    const [time, vertex] = next;
    if (time > times[vertex]!) continue;
    const here = vectorAt(mesh.vertices, vertex);
    for (const other of neighbours[vertex]!) {
      const step = distanceBetween(here, vectorAt(mesh.vertices, other));
      const arrival = time + (step * (slowness[vertex]! + slowness[other]!)) / 2;
      if (arrival >= times[other]!) continue;
      times[other] = arrival;
      push(front, [arrival, other]);
    }
  }
  return times;
}

/** A binary heap of [time, vertex], earliest first. */
type Front = [number, number][];

function push(front: Front, entry: [number, number]): void {
  let at = front.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (front[parent]![0] <= entry[0]) break;
    front[at] = front[parent]!;
    at = parent;
  }
  front[at] = entry;
}

function pop(front: Front): [number, number] | undefined {
  const first = front[0];
  const last = front.pop();
  if (first === undefined || last === undefined || front.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= front.length) break;
    if (child + 1 < front.length && front[child + 1]![0] < front[child]![0]) child += 1;
    if (front[child]![0] >= last[0]) break;
    front[at] = front[child]!;
    at = child;
  }
  front[at] = last;
  return first;
}
