import { coronarySinus } from './catheter.ts';
import { referenceSample, windowOfInterest } from './electrogram.ts';
import { crlf, missing, short, tag, toCp1252 } from './format.ts';
import type { MeasuredPoint } from './points.ts';
import { randomOf } from './random.ts';
import type { SimulatedMap, SimulatedStudy } from './study.ts';

/** The names of the files that belong to one point, or to its recording. */
export interface PointFileNames {
  readonly point: string;
  readonly ecg: string;
  readonly force?: string;
  readonly tracks: readonly TrackNames[];
}

/** The position files of one connector. */
export interface TrackNames {
  readonly connector: string;
  readonly electrodes: string;
  readonly electrodesOnAnnotation: string;
  /** Absent where the catheter has no magnetic sensor. */
  readonly sensor?: { readonly whole: string; readonly onAnnotation: string };
}

/** Older generations name every file by its point; the newest names those of a recording by its start, for all its points. */
export function pointFileNames(study: SimulatedStudy, map: SimulatedMap, point: MeasuredPoint): PointFileNames {
  const stem = `${map.name}_P${point.id}`;
  const { sharedRecordings } = study.generation;
  const { startMs, catheter } = point.recording;
  const named = (what: string) => (sharedRecordings ? `${map.name}_${what}_${startMs}.txt` : `${stem}_${what}.txt`);
  const trackOf = (connector: string, hasSensor: boolean): TrackNames => ({
    connector,
    electrodes: named(`${connector}_Eleclectrode_Positions`),
    electrodesOnAnnotation: named(`${connector}_Eleclectrode_Positions_OnAnnotation`),
    ...(hasSensor
      ? {
          sensor: {
            whole: named(`${connector}_Sensor_Positions`),
            onAnnotation: named(`${connector}_Sensor_Positions_OnAnnotation`),
          },
        }
      : {}),
  });
  return {
    point: `${stem}_Point_Export.xml`,
    ecg: named('ECG_Export'),
    ...(point.tip ? { force: named('ContactForce') } : {}),
    tracks: [
      trackOf(catheter?.connector ?? study.names.connector, true),
      ...(catheter ? [trackOf(coronarySinus.connector, false)] : []),
    ],
  };
}

/** The channel that times are measured against. */
export function referenceChannel(study: SimulatedStudy, point: MeasuredPoint): string {
  return study.chamber.tissue.referenceMs === 0 && point.recording.catheter ? coronarySinus.bipolar(1)[0] : 'I';
}

/** `<map>_car.txt`: one row per point, as many columns as the generation has. */
export function writeCar(study: SimulatedStudy, map: SimulatedMap): Buffer {
  const { version, columns } = study.generation.car;
  const rows = map.points.map((point) => carCells(point, study.catheterId).slice(0, columns).join('\t'));
  return toCp1252(crlf([`${version} ${map.name}`, ...rows]));
}

function carCells(point: MeasuredPoint, catheterId: number): (string | number)[] {
  const { fromMs, toMs } = windowOfInterest;
  const { startMs, orientation } = point.recording;
  return [
    ['P', 0, point.id, 0],
    [...point.place, ...orientation].map(short),
    [short(point.unipolarMv), short(point.bipolarMv), point.latMs ?? missing],
    [point.tip ? short(point.tip.impedanceOhm) : missing],
    [point.latMs === undefined ? 2 : 0, point.tags[0] ?? -1, 1, 'A', 0, catheterId],
    [0, missing, -1, 0, 0, missing, missing],
    [startMs, 0, 0, 0, 0, fromMs, toMs],
    [...new Array(11).fill(0), referenceSample, 0],
  ].flat();
}

/** `<map>_Points_Export.xml`: which file belongs to which point. */
export function writePointsIndex(study: SimulatedStudy, map: SimulatedMap): Buffer {
  const { date, time } = study.stamp;
  const attributes = { Map_Name: map.name, Map_Index: map.index, Date: date, Time: time };
  if (map.points.length === 0) return Buffer.from(crlf([tag('Points', attributes)]));
  const rows = map.points.map(
    (point) => `    ${tag('Point', { ID: point.id, File_Name: pointFileNames(study, map, point).point })}`,
  );
  return Buffer.from(crlf([tag('Points', attributes, '>'), ...rows, '</Points>']));
}

/** `<map>_P<id>_Point_Export.xml`. */
export function writePoint(study: SimulatedStudy, map: SimulatedMap, point: MeasuredPoint): Buffer {
  const files = pointFileNames(study, map, point);
  const { startMs } = point.recording;
  const positions = files.tracks.flatMap(({ connector, electrodes, electrodesOnAnnotation, sensor }) =>
    [electrodes, sensor?.whole, electrodesOnAnnotation, sensor?.onAnnotation]
      .filter((file) => file !== undefined)
      .map((file) => `    ${tag('Connector', { [connector]: file })}`),
  );
  const voltages = { Unipolar: short(point.unipolarMv), Bipolar: short(point.bipolarMv) };
  const lines = [
    tag('Annotations', {
      StartTime: startMs,
      Reference_Annotation: referenceSample,
      Map_Annotation: referenceSample + (point.latMs ?? missing),
    }),
    tag('WOI', { From: windowOfInterest.fromMs, To: windowOfInterest.toMs }),
    tag('Voltages', { ...voltages, MaxMicroBipolar: missing, MaxMicroBipolarSourceChannelID: 0 }),
    '<Positions>',
    ...positions,
    '</Positions>',
    ...impedanceLines(point),
    tag('ECG', { FileName: files.ecg, ...channelAttributes(study, point) }),
    ...(files.force === undefined ? [] : [tag('ContactForce', { FileName: files.force })]),
    ...(study.generation.sharedRecordings ? [beatLine(point)] : []),
  ];
  const { date, time } = study.stamp;
  const opening = tag('Point', { ID: point.id, Date: date, Time: time }, '>');
  return Buffer.from(crlf([opening, ...lines.map((line) => `    ${line}`), '</Point>']));
}

function channelAttributes(study: SimulatedStudy, point: MeasuredPoint): Record<string, string> {
  if (study.generation.ecg.mappingLine) return {};
  return {
    UnipolarMappingChannel: point.channels.unipolar,
    BipolarMappingChannel: point.channels.bipolar,
    ReferenceChannel: referenceChannel(study, point),
  };
}

/** The reference event of every beat in the window, as samples. */
function beatLine({ recording }: MeasuredPoint): string {
  const beats = recording.rhythm.beats.filter((beat) => beat >= 0 && beat < 2500);
  const attributes = beats.map((beat, n) => [`Beat${n + 1}`, beat] as const);
  return tag('ReferenceAnnotations', { ...Object.fromEntries(attributes), CycleLength: beats.at(-1)! - beats.at(-2)! });
}

/** About every 50 ms from -7.5 s to 2.5 s, with a sample missing here and there; none without the ablation catheter. */
function impedanceLines({ recording, tip }: MeasuredPoint): string[] {
  const { seed, stream, startMs } = recording;
  if (!tip) return [tag('Impedances', { Rate: 100, Number: 0, StartTime: startMs }, '>'), '</Impedances>'];
  const random = randomOf(seed, `impedance/${stream}`);
  const rows: string[] = [];
  for (let time = -7500 + random.integer(0, 8); time < 2480; time += 50) {
    if (random.next() < 0.04) continue;
    const value = short(tip.impedanceOhm + 0.25 * Math.round(0.7 * random.normal()));
    const at = time + random.integer(-1, 1);
    rows.push(`    ${tag('Impedance', { NUM: rows.length, Time: at, Value: value })}`);
  }
  const heading = tag('Impedances', { Rate: 100, Number: rows.length, StartTime: startMs }, '>');
  return [heading, ...rows, '</Impedances>'];
}
