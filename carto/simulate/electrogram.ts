import { addNoise } from './noise.ts';
import type { Random } from './random.ts';

/** Samples in one recording, at 1 kHz. */
export const sampleCount = 2500;
/** mV per stored count. */
export const gainMv = 0.003;
/** Sample of the reference annotation. */
export const referenceSample = 2000;
/** The window of interest, ms against the reference annotation, both ends included. */
export const windowOfInterest = { fromMs: -80, toMs: 120 } as const;

/** What a pair of electrodes sees, in counts. */
export interface Electrogram {
  /** The first of the pair against a far electrode. */
  readonly unipolar: Int16Array;
  /** The pair. */
  readonly bipolar: Int16Array;
}

/** What an electrogram is to look like. */
export interface ElectrogramTarget {
  readonly unipolarMv: number;
  readonly bipolarMv: number;
  /** Against the reference; undefined where nothing rises out of the noise. */
  readonly latMs: number | undefined;
}

/** When the heart beats in a recording. */
export interface Rhythm {
  /** Samples of the reference event in each beat; one lies on `referenceSample`. */
  readonly beats: readonly number[];
  /** How long after the peak of the P wave that event is, ms. */
  readonly referenceMs: number;
}

/** Draws an electrogram of about the wanted size: local activation in each beat, far field of the ventricle, noise, hum. */
export function drawElectrogram(target: ElectrogramTarget, rhythm: Rhythm, random: Random): Electrogram {
  const unipolar = drawUnipolar(target, rhythm, random);
  return { unipolar, bipolar: drawBipolar(target, rhythm, random) };
}

export function drawUnipolar(target: ElectrogramTarget, { beats, referenceMs }: Rhythm, random: Random): Int16Array {
  const signal = blankSignal();
  for (const beat of beats) {
    const wave = beat - referenceMs;
    if (referenceMs === 0) addBump(signal, wave + 190, 14, 0.25);
    addBump(signal, wave + 455, 45, 0.07);
    if (target.latMs !== undefined)
      addSlope(signal, activation(beat, target.latMs, random), 5, target.unipolarMv / 1.213);
  }
  const hum = random.between(0, 2 * Math.PI);
  const wander = random.between(0, 2 * Math.PI);
  for (let t = 0; t < sampleCount; t += 1) {
    signal[t]! += 0.03 * Math.sin(t / 620 + wander) + 0.006 * Math.sin(0.1 * Math.PI * t + hum);
  }
  addNoise(signal, 0.008, random);
  return toCounts(signal);
}

export function drawBipolar(target: ElectrogramTarget, { beats }: Rhythm, random: Random): Int16Array {
  const signal = blankSignal();
  const fractions = target.bipolarMv < 0.5 ? [0, 11, -9, 19] : [0];
  for (const beat of beats) {
    if (target.latMs === undefined) continue;
    const at = activation(beat, target.latMs, random);
    for (const [n, offset] of fractions.entries()) {
      addWavelet(signal, at + offset, target.bipolarMv * (n === 0 ? 0.55 : random.between(0.15, 0.5)));
    }
  }
  addNoise(signal, 0.004, random);
  return toCounts(signal);
}

/** Exactly as annotated in the reference beat, nearly so in the others. */
function activation(beat: number, latMs: number, random: Random): number {
  return beat + latMs + (beat === referenceSample ? 0 : random.between(-2, 2));
}

/** Largest less smallest inside the window of interest, in mV: how the stored voltages are defined. */
export function peakToPeakMv(counts: Int16Array): number {
  const inside = counts.subarray(
    referenceSample + windowOfInterest.fromMs,
    referenceSample + windowOfInterest.toMs + 1,
  );
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of inside) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return (high - low) * gainMv;
}

const workplace = new Float64Array(sampleCount);

/** A signal of zeros in mV, the same one each time: it is turned into counts before the next is drawn. */
export function blankSignal(): Float64Array {
  return workplace.fill(0);
}

/** mV to stored counts. */
export function toCounts(millivolts: Float64Array): Int16Array {
  const counts = new Int16Array(millivolts.length);
  for (let t = 0; t < counts.length; t += 1) counts[t] = Math.round(millivolts[t]! / gainMv);
  return counts;
}

/** A Gaussian bump. */
export function addBump(signal: Float64Array, centre: number, width: number, height: number): void {
  around(signal, centre, width, (share) => height * Math.exp(-0.5 * share * share));
}

/** The derivative of a Gaussian: a biphasic deflection that falls steeply at its centre; peak to peak 1.213 `size`. */
function addSlope(signal: Float64Array, centre: number, width: number, size: number): void {
  around(signal, centre, width, (share) => -size * share * Math.exp(-0.5 * share * share));
}

/** A short oscillation with its largest swing at the centre; peak to peak about 1.8 `size`. */
function addWavelet(signal: Float64Array, centre: number, size: number): void {
  around(signal, centre, 6, (share) => size * Math.cos(2.7 * share) * Math.exp(-0.5 * share * share));
}

function around(signal: Float64Array, centre: number, width: number, shape: (share: number) => number): void {
  const from = Math.max(0, Math.ceil(centre - 4 * width));
  const to = Math.min(signal.length - 1, Math.floor(centre + 4 * width));
  for (let t = from; t <= to; t += 1) signal[t]! += shape((t - centre) / width);
}
