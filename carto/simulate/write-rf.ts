import type { Application } from './ablation.ts';
import { crlf, tabbed, toCp1252 } from './format.ts';
import { randomOf } from './random.ts';

const generatorColumns = [
  ...['PiuTimeStamp', 'Irrigation', 'Power Mode', 'AblTime1', 'Power1', 'Impedance1'],
  ...['DistalTemperature1', 'ProximalTemperature1'],
];
const generatorWidths = [13, 11, 11, 8, 6, 10, 18, 20] as const;
const forceColumns = [
  ...['TimeStamp', 'ForceValue', 'AxialAngle', 'LateralAngle'],
  ...['MetalSeverity', 'InAccurateSeverity', 'NeedZeroing'],
];
const forceWidths = [9, 10, 10, 12, 13, 18, 11] as const;

/** `RF_<map>_<k>.txt`: what the generator said, cut down to whole numbers. */
export function writeGenerator(application: Application): Buffer {
  const firstMs = application.ablation[0]!.atMs;
  const rows = application.ablation.map((sample) => [
    sample.atMs,
    -1,
    0,
    sample.atMs - firstMs,
    Math.trunc(sample.powerW),
    Math.trunc(sample.impedanceOhm),
    Math.trunc(sample.temperatureC),
    0,
  ]);
  return columnsOf(generatorColumns, generatorWidths, rows);
}

/** `ContactForceInRF_<map>_<k>.txt`: the force sensor, smoothed otherwise than in the lesion tables, angles in degrees. */
export function writeForceInRf(seed: number, application: Application): Buffer {
  const random = randomOf(seed, `force-in-rf/${application.session}`);
  const degrees = (radians: number) => Math.trunc((radians * 180) / Math.PI);
  const rows = application.force.map((sample) => [
    sample.atMs,
    (sample.forceG * (1 + 0.01 * random.normal())).toFixed(5),
    degrees(sample.axialRad),
    degrees(sample.lateralRad),
    0,
    0,
    0,
  ]);
  return columnsOf(forceColumns, forceWidths, rows);
}

/** `RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt`, as it is when no nMARQ catheter was used. */
export function writeNoMultiElectrode(): Buffer {
  const heading = tabbed(['Map Name', 'Session Idx.', 'nMARQ Session Idx.']).slice(0, -1);
  return toCp1252(crlf([heading, '', '', '', '', '']));
}

function columnsOf(
  names: readonly string[],
  widths: readonly number[],
  rows: readonly (readonly (string | number)[])[],
): Buffer {
  const lines = rows.map((row) => tabbed(row.map((value, n) => String(value).padStart(widths[n]!))));
  return toCp1252(crlf([tabbed(names), ...lines]));
}
