import { putShort, putWhole } from './digits.ts';
import type { MeasuredPoint } from './points.ts';
import { randomOf } from './random.ts';
import type { Recording } from './recording.ts';
import type { SimulatedMap, SimulatedStudy } from './study.ts';
import { add, scale, unit, type Vector } from './vector.ts';
import { pointFileNames, type TrackNames } from './write-points.ts';

/** Electrode distances from the tip along the shaft, mm. */
const electrodeBacks = [0.4, 3.2, 9, 11] as const;
const firstFrameMs = 4;
const longestRow = 64;

/** An electrode as the files number it: those of each spline begin at 1 again. */
interface Place {
  readonly number: number;
  readonly place: Vector;
}

/** The position files of a point's recording: electrodes and sensor of each catheter, the whole window and at the annotation. */
export function writePositions(study: SimulatedStudy, map: SimulatedMap, point: MeasuredPoint): [string, Buffer][] {
  const { recording } = point;
  const [mapping, sinus] = pointFileNames(study, map, point).tracks;
  const motion = moves(recording);
  const sinusPlaces = study.sinus.map((place, n) => ({ number: n + 1, place }));
  return [
    ...trackFiles(mapping!, electrodesOf(recording), recording.shaft[0] ?? recording.electrodes[0]!, motion),
    ...(sinus ? trackFiles(sinus, sinusPlaces, undefined, motion) : []),
  ];
}

function trackFiles(
  names: TrackNames,
  electrodes: readonly Place[],
  sensor: Vector | undefined,
  motion: readonly Move[],
): [string, Buffer][] {
  const annotated = motion.slice(0, 1);
  const write = (places: readonly Place[], frames: readonly Move[]) =>
    writeTrack('Eleclectrode', 'Electrode#', places, frames);
  const files: [string, Buffer][] = [[names.electrodes, write(electrodes, motion)]];
  const sensors = sensor ? [{ number: 1, place: sensor }] : [];
  if (names.sensor) files.push([names.sensor.whole, writeTrack('Sensor', 'Sensor#', sensors, motion)]);
  files.push([names.electrodesOnAnnotation, write(electrodes, annotated)]);
  if (names.sensor) files.push([names.sensor.onAnnotation, writeTrack('Sensor', 'Sensor#', sensors, annotated)]);
  return files;
}

function electrodesOf(recording: Recording): Place[] {
  const { catheter, shaft, electrodes } = recording;
  if (!catheter) {
    const way = shaftOf(recording.orientation);
    return electrodeBacks.map((back, n) => ({ number: n + 1, place: add(electrodes[0]!, scale(way, back)) }));
  }
  return [
    ...shaft.map((place, n) => ({ number: n + 1, place })),
    ...electrodes.map((place, n) => ({ number: (n % catheter.perSpline) + 1, place })),
  ];
}

interface Move {
  readonly timeMs: number;
  readonly shift: Vector;
}

/** 60 Hz through the 2.5 s window; the first frame is the annotated position itself. */
function moves({ seed, stream }: Recording): Move[] {
  const random = randomOf(seed, `motion/${stream}`);
  const phase = random.between(0, 2 * Math.PI);
  const at = (timeMs: number): Vector => {
    const seconds = timeMs / 1000;
    const breath = Math.sin(1.57 * seconds + phase) - Math.sin(phase);
    const beat = Math.sin(7.6 * seconds + phase) - Math.sin(phase);
    return [0.2 * beat, -0.9 * breath, 0.4 * breath + 0.3 * beat];
  };
  return Array.from({ length: 150 }, (_, n) => {
    const timeMs = firstFrameMs + Math.floor((n * 1000) / 60);
    const tremor: Vector = [random.normal(), random.normal(), random.normal()];
    return { timeMs, shift: n === 0 ? [0, 0, 0] : add(at(timeMs), scale(tremor, 0.02)) };
  });
}

function writeTrack(kind: string, label: string, places: readonly Place[], motion: readonly Move[]): Buffer {
  const header = `${kind}_Positions_2.0\r\n${label}\tTime\tX\tY\tZ\r\n`;
  const bytes = Buffer.allocUnsafe(header.length + places.length * motion.length * longestRow + 2);
  let at = bytes.write(header, 'latin1');
  for (const { number, place } of places) {
    for (const { timeMs, shift } of motion) {
      at = putTab(bytes, putWhole(bytes, at, number));
      at = putTab(bytes, putWhole(bytes, at, timeMs));
      for (let axis = 0; axis < 3; axis += 1) at = putTab(bytes, putShort(bytes, at, place[axis]! + shift[axis]!));
      at = putLineEnd(bytes, at);
    }
  }
  return bytes.subarray(0, putLineEnd(bytes, at));
}

function putTab(bytes: Buffer, at: number): number {
  bytes[at] = 0x09;
  return at + 1;
}

function putLineEnd(bytes: Buffer, at: number): number {
  bytes[at] = 0x0d;
  bytes[at + 1] = 0x0a;
  return at + 2;
}

function shaftOf([alpha, beta]: Vector): Vector {
  return unit([Math.cos(beta) * Math.sin(alpha), Math.sin(beta), Math.cos(beta) * Math.cos(alpha)]);
}
