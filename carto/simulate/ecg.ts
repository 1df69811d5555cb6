import { addBump, type Electrogram, sampleCount, toCounts } from './electrogram.ts';
import type { Random } from './random.ts';
import { dot, type Vector } from './vector.ts';

/** The channels of a recording, in file order, with their numbers. */
// biome-ignore format: one group of channels per line
export const channels = [
  ['M1', 1], ['M2', 2], ['M3', 3], ['M4', 4],
  ['M7', 7], ['M8', 8], ['M9', 9], ['M10', 10],
  ['WCT_GND', 21],
  ['V1', 22], ['V2', 23], ['V3', 24], ['V4', 25], ['V5', 26], ['V6', 27],
  ['LA', 28], ['RA', 29], ['LL', 30],
  ['M1-M2', 92], ['M3-M4', 94],
  ['I', 110], ['II', 111], ['III', 112], ['aVL', 171], ['aVR', 172], ['aVF', 173],
] as const;

export type ChannelName = (typeof channels)[number][0];
export type Recording = Readonly<Record<ChannelName, Int16Array>>;

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

/** A whole recording around one electrogram. Limb leads are differences of the limb electrodes, each rounded by itself. */
export function drawRecording(mapping: Electrogram, beats: readonly number[], random: Random): Recording {
  const limb = {
    LA: electrode('LA', beats, random),
    RA: electrode('RA', beats, random),
    LL: electrode('LL', beats, random),
  };
  const combine = (la: number, ra: number, ll: number) =>
    toCounts(limb.LA.map((value, t) => la * value + ra * limb.RA[t]! + ll * limb.LL[t]!));
  const chest = (name: 'V1' | 'V2' | 'V3' | 'V4' | 'V5' | 'V6') => toCounts(electrode(name, beats, random));
  const proximal = drawProximal(mapping, random);
  return {
    M1: mapping.unipolar,
    M2: less(mapping.unipolar, mapping.bipolar, random),
    ...proximal,
    M7: idle(0, 7, random),
    M8: idle(0, 7, random),
    M9: idle(0, 7, random),
    M10: idle(0, 7, random),
    WCT_GND: idle(-120, 2, random),
    V1: chest('V1'),
    V2: chest('V2'),
    V3: chest('V3'),
    V4: chest('V4'),
    V5: chest('V5'),
    V6: chest('V6'),
    LA: combine(1, 0, 0),
    RA: combine(0, 1, 0),
    LL: combine(0, 0, 1),
    'M1-M2': mapping.bipolar,
    I: combine(1, -1, 0),
    II: combine(0, -1, 1),
    III: combine(-1, 0, 1),
    aVL: combine(1, -0.5, -0.5),
    aVR: combine(-0.5, 1, -0.5),
    aVF: combine(-0.5, -0.5, 1),
  };
}

function electrode(name: keyof typeof electrodes, beats: readonly number[], random: Random): Float64Array {
  const signal = new Float64Array(sampleCount);
  for (const beat of beats) {
    for (const [after, width, dipole] of waves) addBump(signal, beat + after, width, dot(dipole, electrodes[name]));
  }
  const hum = random.between(0, 2 * Math.PI);
  const wander = random.between(0, 2 * Math.PI);
  for (let t = 0; t < sampleCount; t += 1) {
    const slow = 0.05 * Math.sin(t / 700 + wander);
    signal[t]! += slow + 0.008 * Math.sin(0.1 * Math.PI * t + hum) + 0.006 * random.normal();
  }
  return signal;
}

/** The proximal pair lies 5 mm away: the same activity, smaller and a few ms later. */
function drawProximal({ unipolar, bipolar }: Electrogram, random: Random) {
  const share = random.between(0.5, 0.8);
  const delay = random.integer(3, 7);
  const later = (source: Int16Array) =>
    Int16Array.from(source, (_, t) => Math.round(share * source[Math.max(0, t - delay)]! + 2 * random.normal()));
  const third = later(unipolar);
  const pair = later(bipolar);
  return { M3: third, M4: less(third, pair, random), 'M3-M4': pair };
}

/** `from` less `what`, a count off here and there: the recorder rounds each channel by itself. */
function less(from: Int16Array, what: Int16Array, random: Random): Int16Array {
  return Int16Array.from(from, (value, t) => value - what[t]! + random.integer(-1, 1));
}

/** A channel with nothing connected: hum and noise. */
function idle(level: number, noise: number, random: Random): Int16Array {
  const hum = random.between(0, 2 * Math.PI);
  return Int16Array.from({ length: sampleCount }, (_, t) =>
    Math.round(level + noise * (random.normal() + Math.sin(0.1 * Math.PI * t + hum))),
  );
}
