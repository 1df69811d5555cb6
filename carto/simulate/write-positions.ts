import { crlf, short, tabbed, toCp1252 } from './format.ts';
import type { MeasuredPoint } from './points.ts';
import { randomOf } from './random.ts';
import type { SimulatedMap, SimulatedStudy } from './study.ts';
import { add, scale, unit, type Vector } from './vector.ts';
import { pointFileNames } from './write-points.ts';

/** Electrode distances from the tip along the shaft, mm. */
const electrodeBacks = [0.4, 3.2, 9, 11] as const;
const firstFrameMs = 4;

/** The four position files of a point: electrodes and sensor, the whole window and at the annotation. */
export function writePositions(study: SimulatedStudy, map: SimulatedMap, point: MeasuredPoint): [string, Buffer][] {
  const names = pointFileNames(map, point);
  const shaft = shaftOf(point);
  const electrodes = electrodeBacks.map((back) => add(point.place, scale(shaft, back)));
  const motion = moves(study.seed, point.id);
  return [
    [names.electrodes, writeTrack('Eleclectrode', 'Electrode#', electrodes, motion)],
    [names.sensor, writeTrack('Sensor', 'Sensor#', [point.place], motion)],
    [names.electrodesOnAnnotation, writeTrack('Eleclectrode', 'Electrode#', electrodes, motion.slice(0, 1))],
    [names.sensorOnAnnotation, writeTrack('Sensor', 'Sensor#', [point.place], motion.slice(0, 1))],
  ];
}

interface Move {
  readonly timeMs: number;
  readonly shift: Vector;
}

/** 60 Hz through the 2.5 s window; the first frame is the annotated position itself. */
function moves(seed: number, id: number): Move[] {
  const random = randomOf(seed, `motion/${id}`);
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

function writeTrack(kind: string, label: string, places: readonly Vector[], motion: readonly Move[]): Buffer {
  const rows = places.flatMap((place, n) =>
    motion.map(({ timeMs, shift }) => tabbed([n + 1, timeMs, ...add(place, shift).map(short)])),
  );
  return toCp1252(crlf([`${kind}_Positions_2.0`, [label, 'Time', 'X', 'Y', 'Z'].join('\t'), ...rows, '']));
}

function shaftOf(point: MeasuredPoint): Vector {
  const [alpha, beta] = point.orientation;
  return unit([Math.cos(beta) * Math.sin(alpha), Math.sin(beta), Math.cos(beta) * Math.cos(alpha)]);
}
