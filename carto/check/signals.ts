import type { Ecg } from '../study.ts';

/** Why a voltage could not be recomputed. */
export type NoVoltage = 'the channel is not in the ECG' | 'the window of interest is not in the ECG';

/**
 * Largest minus smallest value of a channel between two samples (both included), mV: how the export's unipolar and
 * bipolar voltages come about, with the window of interest around the reference annotation (A5).
 */
export function peakToPeakMv(
  ecg: Ecg,
  channel: string,
  window: { readonly from: number; readonly to: number },
): number | NoVoltage {
  const counts = ecg.channels.find(({ name }) => name === channel)?.counts;
  if (!counts) return 'the channel is not in the ECG';
  const [from, to] = [Math.max(0, window.from), Math.min(counts.length - 1, window.to)];
  if (!(from <= to)) return 'the window of interest is not in the ECG';
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let sample = from; sample <= to; sample++) {
    const count = counts[sample] as number;
    if (count < lowest) lowest = count;
    if (count > highest) highest = count;
  }
  return (highest - lowest) * ecg.mvPerCount;
}
