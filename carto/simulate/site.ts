import type { LesionTarget } from './lesions.ts';
import type { Random } from './random.ts';
import { indexDose, indexOf } from './tag-index.ts';
import type { Trace } from './trace.ts';
import { add, scale, type Vector } from './vector.ts';

/** The stable part of an application, in 100 ms steps of its trace. */
export interface SiteWindow {
  readonly target: LesionTarget;
  readonly fromStep: number;
  /** First step after it. */
  readonly toStep: number;
}

/** One ablation tag, every number derived from the traces and positions inside its window. */
export interface Site {
  readonly index: number;
  readonly target: LesionTarget;
  readonly place: Vector;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly durationS: number;
  readonly averageForceG: number;
  readonly maxTemperatureC: number;
  readonly maxPowerW: number;
  readonly maxImpedanceOhm: number;
  readonly baseImpedanceOhm: number;
  readonly impedanceDropOhm: number;
  readonly forceTimeGs: number;
  readonly tagIndex: number;
  /** Frames (60 Hz) spent in each 1 mm voxel, by voxel code. */
  readonly frames: ReadonlyMap<number, number>;
  /** Where the tip was in each frame: x y z. */
  readonly track: Float32Array;
}

/** The tip's position is known so often. */
export const framesPerS = 60;
const firstFrameMs = 6;

/** Measures one site. `startMs` is when its application began. */
export function measureSite(
  trace: Trace,
  window: SiteWindow & { readonly startMs: number; readonly index: number },
  random: Random,
): Site {
  const force = trace.force.slice(2 * window.fromStep, 2 * window.toStep);
  const ablation = trace.ablation.slice(window.fromStep, window.toStep);
  const span = frameSpan(window.startMs, ablation[0]!.atMs, force.at(-1)!.atMs);
  const sizes = force.map((sample) => Math.abs(sample.forceG));
  const dose = force.reduce((sum, sample, n) => sum + indexDose(sample.forceG, ablation[n >> 1]!.powerW, 0.05), 0);
  const impedance = ablation.map((sample) => sample.impedanceOhm);
  const base = mean(impedance.slice(0, 10));
  const motion = moveAbout(window.target, span.frames, random);
  return {
    index: window.index,
    target: window.target,
    place: motion.mean,
    firstMs: span.firstMs,
    lastMs: span.lastMs,
    durationS: span.frames / framesPerS,
    averageForceG: mean(sizes),
    maxTemperatureC: Math.max(...ablation.map((sample) => sample.temperatureC)),
    maxPowerW: Math.max(...ablation.map((sample) => sample.powerW)),
    maxImpedanceOhm: Math.max(...impedance),
    baseImpedanceOhm: base,
    impedanceDropOhm: Math.max(0, base - mean(impedance.slice(-10))),
    forceTimeGs: Math.round(sizes.reduce((sum, size) => sum + size * 0.05, 0)),
    tagIndex: indexOf(dose),
    frames: motion.frames,
    track: motion.track,
  };
}

/** The position frames that hold exactly these samples: from the last frame before the first, to one after the last. */
function frameSpan(startMs: number, firstSampleMs: number, lastSampleMs: number) {
  const timeOf = (frame: number) => startMs + firstFrameMs + Math.floor((frame * 1000) / framesPerS);
  const first = Math.floor(((firstSampleMs - startMs - firstFrameMs) * framesPerS) / 1000);
  const last = Math.ceil(((lastSampleMs + 20 - startMs - firstFrameMs) * framesPerS) / 1000);
  return { firstMs: timeOf(first), lastMs: timeOf(last), frames: last - first + 1 };
}

/** Breathing, heartbeat and tremor around the target, counted in voxels; the tip presses a little into the wall. */
function moveAbout(
  target: LesionTarget,
  frames: number,
  random: Random,
): { mean: Vector; frames: Map<number, number>; track: Float32Array } {
  const base = add(target.place, scale(target.normal, random.between(-0.8, 0.4)));
  const phase = random.between(0, 2 * Math.PI);
  const counts = new Map<number, number>();
  const track = new Float32Array(3 * frames);
  let sum: Vector = [0, 0, 0];
  let tremor: Vector = [0, 0, 0];
  for (let n = 0; n < frames; n += 1) {
    const breath = 0.7 * Math.sin((1.57 * n) / framesPerS + phase);
    const beat = 0.4 * Math.sin((7.4 * n) / framesPerS + phase);
    tremor = add(scale(tremor, 0.96), scale([random.normal(), random.normal(), random.normal()], 0.09));
    const at = add(add(base, tremor), [0.15 * breath + 0.3 * beat, -breath, 0.4 * breath + 0.5 * beat]);
    sum = add(sum, at);
    track.set(at, 3 * n);
    const code = voxelCode(at);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return { mean: scale(sum, 1 / frames), frames: counts, track };
}

/** `ZZZYYYXXX`: three digits per axis, a voxel's centre being its digits less 499.5 mm. */
export function voxelCode(place: Vector): number {
  const digits = (value: number) => Math.floor(value) + 500;
  return (digits(place[2]) * 1000 + digits(place[1])) * 1000 + digits(place[0]);
}

/** Centre of a voxel. */
export function voxelCentre(code: number): Vector {
  const at = (divisor: number) => (Math.floor(code / divisor) % 1000) - 499.5;
  return [at(1), at(1000), at(1_000_000)];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
