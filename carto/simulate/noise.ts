import { type Random, randomOf } from './random.ts';

const length = 1 << 16;
let tape: Float32Array | undefined;

/**
 * Adds noise of a standard deviation. It is read off one long tape from a drawn place on: a recording needs a quarter of
 * a million values, and drawing each by itself was half of the simulator's time.
 */
export function addNoise(signal: Float64Array, size: number, random: Random): void {
  const values = readTape();
  const start = random.integer(0, length - 1);
  for (let t = 0; t < signal.length; t += 1) signal[t]! += size * values[(start + t) & (length - 1)]!;
}

/** `from` less `what`, a count off here and there: the recorder rounds each channel by itself. */
export function roundedLess(from: Int16Array, what: Int16Array, random: Random): Int16Array {
  const values = readTape();
  const start = random.integer(0, length - 1);
  const result = new Int16Array(from.length);
  for (let t = 0; t < from.length; t += 1) {
    const value = values[(start + t) & (length - 1)]!;
    result[t] = from[t]! - what[t]! + (value > 0.43 ? 1 : value < -0.43 ? -1 : 0);
  }
  return result;
}

function readTape(): Float32Array {
  tape ??= Float32Array.from({ length }, randomOf(0, 'noise').normal);
  return tape;
}
