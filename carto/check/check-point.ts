import type { CarRow, Ecg, MapPoint, PointRecording } from '../study.ts';
import { type CheckName, type CheckResult, compared, notApplicable, type Place, type Subject } from './result.ts';
import { peakToPeakMv } from './signals.ts';

/** Voltages are written with three decimals. */
const voltageToleranceMv = 0.000_501;

/** The local activation time, and the voltages of the two tables, as far as they are stated. No signal is needed. */
export function checkPointTables(point: MapPoint, row: CarRow | undefined, subject: Subject): CheckResult[] {
  return [checkLat(point.recording, row, subject), checkCarVoltage(point.recording, row, subject)];
}

/** LAT = map annotation − reference annotation; the point's row in `_car.txt` states it, or that there is none. */
function checkLat(recording: PointRecording | undefined, row: CarRow | undefined, subject: Subject): CheckResult {
  const place: Place = { check: 'lat', subject, unit: 'ms' };
  if (!recording) return notApplicable(place, 'the point has no file of its own');
  if (!row) return notApplicable(place, 'the point has no row in the table of its map');
  const { latMs: found } = recording;
  const { latMs: expected } = row;
  if (found === undefined && expected === undefined) return { ...place, outcome: 'ok' };
  if (found !== undefined && expected !== undefined) return compared(place, { found, expected, tolerance: 0.5 });
  const values = { ...(found === undefined ? {} : { found }), ...(expected === undefined ? {} : { expected }) };
  return { ...place, outcome: 'differs', ...values };
}

function checkCarVoltage(
  recording: PointRecording | undefined,
  row: CarRow | undefined,
  subject: Subject,
): CheckResult {
  const place: Place = { check: 'car-voltage', subject, unit: 'mV' };
  const [found, expected] = [recording?.bipolarMv, row?.bipolarMv];
  if (found === undefined || expected === undefined) return notApplicable(place, 'only one of two tables states it');
  return compared(place, { found, expected, tolerance: voltageToleranceMv });
}

const voltages = [
  ['unipolar', 'unipolarMv'],
  ['bipolar', 'bipolarMv'],
] as const;

/** Peak to peak within the window of interest, beside what the point states. `ecg`: undefined when it is not there. */
export function checkVoltages(
  recording: PointRecording | undefined,
  ecg: Ecg | undefined,
  subject: Subject,
): CheckResult[] {
  return voltages.map(([check, field]) => voltage({ check, subject, unit: 'mV' }, recording, ecg, field));
}

function voltage(
  place: Place & { readonly check: CheckName & ('unipolar' | 'bipolar') },
  recording: PointRecording | undefined,
  ecg: Ecg | undefined,
  field: 'unipolarMv' | 'bipolarMv',
): CheckResult {
  if (!recording) return notApplicable(place, 'the point has no file of its own');
  const expected = recording[field];
  if (expected === undefined) return notApplicable(place, 'the point states no voltage');
  if (!recording.window) return notApplicable(place, 'the point has no window of interest');
  if (!ecg) return notApplicable(place, 'the ECG was not exported or is damaged');
  const channel = recording.channels?.[place.check] ?? ecg.mapping?.[place.check];
  if (channel === undefined) return notApplicable(place, 'nothing names the mapping channel');
  const { referenceSample, window } = recording;
  const found = peakToPeakMv(ecg, channel, {
    from: referenceSample + window.fromMs,
    to: referenceSample + window.toMs,
  });
  if (typeof found === 'string') return notApplicable(place, found);
  return compared(place, { found, expected, tolerance: voltageToleranceMv });
}
