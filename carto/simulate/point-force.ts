import type { Random } from './random.ts';

/** The force record around one point: 10 s at 20 Hz, from 7.5 s before to 2.5 s after sample 0. */
export interface PointForce {
  readonly samples: readonly PointForceSample[];
  /** The sample that stands for the point (beside the reference annotation), mean over 100 ms. */
  readonly graph: PointForceSample;
  /** The last sample, mean over 1 s. */
  readonly nonGraph: PointForceSample;
}

export interface PointForceSample {
  /** ms against sample 0 of the recording. */
  readonly timeMs: number;
  readonly stampMs: number;
  readonly forceG: number;
  readonly axialDeg: number;
  readonly lateralDeg: number;
}

const count = 200;
const stepMs = 50;
const graphIndex = 190;

/** Draws the force while a point is taken: breathing, heartbeat, tremor around a mean. */
export function drawPointForce(startMs: number, meanG: number, random: Random): PointForce {
  const phase = random.between(0, 2 * Math.PI);
  const first = random.integer(-7480, -7440);
  const samples = Array.from({ length: count }, (_, n): PointForceSample => {
    const timeMs = first + n * stepMs;
    const seconds = timeMs / 1000;
    const share = 1 + 0.25 * Math.sin(1.57 * seconds + phase) + 0.2 * Math.sin(7.6 * seconds) + 0.08 * random.normal();
    return {
      timeMs,
      stampMs: startMs + timeMs,
      forceG: Math.max(0.1, meanG * share),
      axialDeg: Math.round(140 + 12 * random.normal()),
      lateralDeg: Math.round(26 + 5 * random.normal()),
    };
  });
  return { samples, graph: meanUpTo(samples, graphIndex, 2), nonGraph: meanUpTo(samples, count - 1, 20) };
}

function meanUpTo(samples: readonly PointForceSample[], last: number, span: number): PointForceSample {
  const part = samples.slice(last - span + 1, last + 1);
  return { ...samples[last]!, forceG: part.reduce((sum, sample) => sum + sample.forceG, 0) / part.length };
}
