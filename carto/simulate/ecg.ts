import { type Channel, coronarySinus } from './catheter.ts';
import {
  addBump,
  blankSignal,
  drawBipolar,
  drawElectrogram,
  drawUnipolar,
  type Electrogram,
  type ElectrogramTarget,
  type Rhythm,
  sampleCount,
  toCounts,
} from './electrogram.ts';
import { addNoise, roundedLess } from './noise.ts';
import { type Random, randomOf } from './random.ts';
import type { Recording } from './recording.ts';
import { dot, type Vector } from './vector.ts';

/** One column of an ECG file. */
export interface Signal {
  readonly channel: Channel;
  readonly counts: Int16Array;
}

// where each electrode looks from: x left, y superior, z anterior
const electrodes: Readonly<Record<'LA' | 'RA' | 'LL' | 'V1' | 'V2' | 'V3' | 'V4' | 'V5' | 'V6', Vector>> = {
  LA: [0.6, 0.5, 0.05],
  RA: [-0.6, 0.5, 0.05],
  LL: [0.1, -0.9, 0.05],
  V1: [-0.35, 0, 0.9],
  V2: [0, 0.05, 1.1],
  V3: [0.35, -0.1, 1.1],
  V4: [0.7, -0.2, 0.9],
  V5: [0.95, -0.2, 0.5],
  V6: [1, -0.15, 0.1],
};

// the heart as a dipole: ms after the P wave's peak, width ms, direction and size in mV
const waves: readonly (readonly [number, number, Vector])[] = [
  [0, 22, [0.1, -0.11, 0.03]],
  [166, 8, [-0.12, 0.08, 0.18]],
  [186, 11, [0.75, -0.8, -0.25]],
  [208, 10, [-0.15, 0.35, -0.4]],
  [455, 48, [0.22, -0.2, 0.12]],
];

/**
 * All channels of a recording, in file order. Of a recording with the ablation catheter alone, or with a mapping catheter
 * of many electrodes and the coronary sinus beside it.
 */
export function drawRecording(recording: Recording): Signal[] {
  const random = randomOf(recording.seed, `ecg/${recording.stream}`);
  const { catheter, rhythm } = recording;
  if (catheter === undefined) {
    return inOrder([...tipSignals(tipElectrogram(recording), random), ...surfaceSignals(rhythm, random)]);
  }
  return inOrder([
    ...tipSignals(drawElectrogram(nothing, rhythm, random), random),
    ...sinusSignals(rhythm, random),
    ...splineSignals(recording),
    ...surfaceSignals(rhythm, random),
  ]);
}

/** A tip that floats in the blood. */
const nothing: ElectrogramTarget = { unipolarMv: 0, bipolarMv: 0, latMs: undefined };

const inOrder = (signals: Signal[]) => signals.sort((a, b) => a.channel[1] - b.channel[1]);

/** What the ablation catheter's tip sees: the point's own signals, from a stream of their own. */
export function tipElectrogram(recording: Recording): Electrogram {
  return drawElectrogram(recording.targets[0]!, recording.rhythm, randomOf(recording.seed, `tip/${recording.stream}`));
}

/** The channels of a catheter with many electrodes: along a spline each pair is the difference of its two electrodes. */
export function splineSignals(recording: Recording): Signal[] {
  const { catheter, rhythm, targets, seed, stream } = recording;
  const random = randomOf(seed, `splines/${stream}`);
  const signals: Signal[] = [];
  for (let spline = 0; spline < catheter!.splines; spline += 1) {
    const first = spline * catheter!.perSpline;
    let unipolar = drawUnipolar(targets[first]!, rhythm, random);
    for (let n = first; n < first + catheter!.perSpline; n += 1) {
      signals.push({ channel: catheter!.unipolar(n + 1), counts: unipolar });
      if (n === first + catheter!.perSpline - 1) continue;
      const bipolar = drawBipolar(targets[n]!, rhythm, random);
      signals.push({ channel: catheter!.bipolar(n + 1), counts: bipolar });
      unipolar = roundedLess(unipolar, bipolar, random);
    }
  }
  return signals;
}

/** The coronary sinus: activated from its mouth outward, and the ventricle beside it. */
function sinusSignals(rhythm: Rhythm, random: Random): Signal[] {
  const signals: Signal[] = [];
  for (let electrode = 1; electrode <= coronarySinus.electrodes; electrode += 1) {
    const latMs = 24 - 2 * electrode - rhythm.referenceMs;
    const target = { unipolarMv: 1.6, bipolarMv: random.between(0.6, 1.6), latMs };
    const { unipolar, bipolar } = drawElectrogram(target, rhythm, random);
    signals.push({ channel: coronarySinus.unipolar(electrode), counts: unipolar });
    if (electrode % 2 === 1) signals.push({ channel: coronarySinus.bipolar(electrode), counts: bipolar });
  }
  return signals;
}

function tipSignals(tip: Electrogram, random: Random): Signal[] {
  const { third, fourth, pair } = drawProximal(tip, random);
  return [
    { channel: ['M1', 1], counts: tip.unipolar },
    { channel: ['M2', 2], counts: roundedLess(tip.unipolar, tip.bipolar, random) },
    { channel: ['M3', 3], counts: third },
    { channel: ['M4', 4], counts: fourth },
    { channel: ['M1-M2', 92], counts: tip.bipolar },
    { channel: ['M3-M4', 94], counts: pair },
    ...([7, 8, 9, 10] as const).map((n): Signal => ({ channel: [`M${n}`, n], counts: idle(0, 7, random) })),
  ];
}

/** Limb leads are differences of the limb electrodes, each rounded by itself. */
function surfaceSignals(rhythm: Rhythm, random: Random): Signal[] {
  const [la, ra, ll] = (['LA', 'RA', 'LL'] as const).map((name) => electrode(name, rhythm, random)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const combine = (left: number, right: number, leg: number) => {
    const signal = blankSignal();
    for (let t = 0; t < sampleCount; t += 1) signal[t] = left * la[t]! + right * ra[t]! + leg * ll[t]!;
    return toCounts(signal);
  };
  const chest = (['V1', 'V2', 'V3', 'V4', 'V5', 'V6'] as const).map(
    (name, n): Signal => ({ channel: [name, 22 + n], counts: toCounts(electrode(name, rhythm, random)) }),
  );
  return [
    { channel: ['WCT_GND', 21], counts: idle(-120, 2, random) },
    ...chest,
    { channel: ['LA', 28], counts: combine(1, 0, 0) },
    { channel: ['RA', 29], counts: combine(0, 1, 0) },
    { channel: ['LL', 30], counts: combine(0, 0, 1) },
    { channel: ['I', 110], counts: combine(1, -1, 0) },
    { channel: ['II', 111], counts: combine(0, -1, 1) },
    { channel: ['III', 112], counts: combine(-1, 0, 1) },
    { channel: ['aVL', 171], counts: combine(1, -0.5, -0.5) },
    { channel: ['aVR', 172], counts: combine(-0.5, 1, -0.5) },
    { channel: ['aVF', 173], counts: combine(-0.5, -0.5, 1) },
  ];
}

function electrode(name: keyof typeof electrodes, { beats, referenceMs }: Rhythm, random: Random): Float64Array {
  const signal = new Float64Array(sampleCount);
  for (const beat of beats) {
    for (const [after, width, dipole] of waves) {
      addBump(signal, beat - referenceMs + after, width, dot(dipole, electrodes[name]));
    }
  }
  const hum = random.between(0, 2 * Math.PI);
  const wander = random.between(0, 2 * Math.PI);
  for (let t = 0; t < sampleCount; t += 1) {
    signal[t]! += 0.05 * Math.sin(t / 700 + wander) + 0.008 * Math.sin(0.1 * Math.PI * t + hum);
  }
  addNoise(signal, 0.006, random);
  return signal;
}

/** The proximal pair lies 5 mm away: the same activity, smaller and a few ms later. */
function drawProximal({ unipolar, bipolar }: Electrogram, random: Random) {
  const share = random.between(0.5, 0.8);
  const delay = random.integer(3, 7);
  const later = (source: Int16Array) => {
    const signal = blankSignal();
    for (let t = 0; t < sampleCount; t += 1) signal[t] = share * source[Math.max(0, t - delay)]!;
    addNoise(signal, 2, random);
    return rounded(signal);
  };
  const third = later(unipolar);
  const pair = later(bipolar);
  return { third, fourth: roundedLess(third, pair, random), pair };
}

/** A channel with nothing connected: hum and noise. */
function idle(level: number, size: number, random: Random): Int16Array {
  const hum = random.between(0, 2 * Math.PI);
  const signal = blankSignal();
  for (let t = 0; t < sampleCount; t += 1) signal[t] = level + size * Math.sin(0.1 * Math.PI * t + hum);
  addNoise(signal, size, random);
  return rounded(signal);
}

function rounded(signal: Float64Array): Int16Array {
  const counts = new Int16Array(signal.length);
  for (let t = 0; t < signal.length; t += 1) counts[t] = Math.round(signal[t]!);
  return counts;
}
