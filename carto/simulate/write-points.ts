import { referenceSample, windowOfInterest } from './electrogram.ts';
import { crlf, missing, short, tag, toCp1252 } from './format.ts';
import type { MeasuredPoint } from './points.ts';
import { randomOf } from './random.ts';
import type { SimulatedMap, SimulatedStudy } from './study.ts';
import { connector } from './tables.ts';

/** The names of the files that belong to one point. */
export interface PointFileNames {
  readonly point: string;
  readonly ecg: string;
  readonly force: string;
  readonly electrodes: string;
  readonly electrodesOnAnnotation: string;
  readonly sensor: string;
  readonly sensorOnAnnotation: string;
}

export function pointFileNames(map: SimulatedMap, point: MeasuredPoint): PointFileNames {
  const stem = `${map.name}_P${point.id}`;
  return {
    point: `${stem}_Point_Export.xml`,
    ecg: `${stem}_ECG_Export.txt`,
    force: `${stem}_ContactForce.txt`,
    electrodes: `${stem}_${connector}_Eleclectrode_Positions.txt`,
    electrodesOnAnnotation: `${stem}_${connector}_Eleclectrode_Positions_OnAnnotation.txt`,
    sensor: `${stem}_${connector}_Sensor_Positions.txt`,
    sensorOnAnnotation: `${stem}_${connector}_Sensor_Positions_OnAnnotation.txt`,
  };
}

/** `<map>_car.txt`: 27 columns per point. */
export function writeCar(map: SimulatedMap, catheterId: number): Buffer {
  const rows = map.points.map((point) =>
    [
      ['P', 0, point.id, 0],
      [...point.place, ...point.orientation].map(short),
      [short(point.unipolarMv), short(point.bipolarMv), point.latMs ?? missing, short(point.impedanceOhm)],
      [point.latMs === undefined ? 2 : 0, point.tags[0] ?? -1, 1, 'A', 0, catheterId],
      [0, missing, -1, 0, 0, missing, missing],
    ]
      .flat()
      .join('\t'),
  );
  return toCp1252(crlf([`VERSION_5_0 ${map.name}`, ...rows]));
}

/** `<map>_Points_Export.xml`: which file belongs to which point. */
export function writePointsIndex(study: SimulatedStudy, map: SimulatedMap): Buffer {
  const { date, time } = study.stamp;
  const attributes = { Map_Name: map.name, Map_Index: map.index, Date: date, Time: time };
  if (map.points.length === 0) return Buffer.from(crlf([tag('Points', attributes)]));
  const rows = map.points.map(
    (point) => `    ${tag('Point', { ID: point.id, File_Name: pointFileNames(map, point).point })}`,
  );
  return Buffer.from(crlf([tag('Points', attributes, '>'), ...rows, '</Points>']));
}

/** `<map>_P<id>_Point_Export.xml`. */
export function writePoint(study: SimulatedStudy, map: SimulatedMap, point: MeasuredPoint): Buffer {
  const files = pointFileNames(map, point);
  const positions = [files.electrodes, files.sensor, files.electrodesOnAnnotation, files.sensorOnAnnotation];
  const voltages = { Unipolar: short(point.unipolarMv), Bipolar: short(point.bipolarMv) };
  const lines = [
    tag('Annotations', {
      StartTime: point.startMs,
      Reference_Annotation: referenceSample,
      Map_Annotation: referenceSample + (point.latMs ?? missing),
    }),
    tag('WOI', { From: windowOfInterest.fromMs, To: windowOfInterest.toMs }),
    tag('Voltages', { ...voltages, MaxMicroBipolar: missing, MaxMicroBipolarSourceChannelID: 0 }),
    '<Positions>',
    ...positions.map((file) => `    ${tag('Connector', { [connector]: file })}`),
    '</Positions>',
    ...impedanceLines(study.seed, point),
    tag('ECG', { FileName: files.ecg }),
    tag('ContactForce', { FileName: files.force }),
  ];
  const { date, time } = study.stamp;
  const opening = tag('Point', { ID: point.id, Date: date, Time: time }, '>');
  return Buffer.from(crlf([opening, ...lines.map((line) => `    ${line}`), '</Point>']));
}

/** About every 50 ms from -7.5 s to 2.5 s, with a sample missing here and there. */
function impedanceLines(seed: number, point: MeasuredPoint): string[] {
  const random = randomOf(seed, `impedance/${point.id}`);
  const rows: string[] = [];
  for (let time = -7500 + random.integer(0, 8); time < 2480; time += 50) {
    if (random.next() < 0.04) continue;
    const value = short(point.impedanceOhm + 0.25 * Math.round(0.7 * random.normal()));
    const at = time + random.integer(-1, 1);
    rows.push(`    ${tag('Impedance', { NUM: rows.length, Time: at, Value: value })}`);
  }
  const heading = tag('Impedances', { Rate: 100, Number: rows.length, StartTime: point.startMs }, '>');
  return [heading, ...rows, '</Impedances>'];
}
