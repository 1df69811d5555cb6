import type { Checkpoint } from '../../core/gate-flag.ts';
import type { SourceFile } from '../source.ts';
import type { PointRecording } from '../study.ts';
import { copyOf, defined, type Fields, present } from './fields.ts';
import { parseXml } from './xml.ts';

const kind = 'point';

/** A point's own file, with the names of the files that it refers to. */
export interface PointXmlFile extends Omit<PointRecording, 'ecgFile' | 'loadEcg' | 'loadContactForce' | 'tracks'> {
  readonly ecgFileName?: string;
  readonly contactForceFile?: string;
  readonly trackFiles: readonly { readonly connector: string; readonly fileName: string }[];
}

type Growing = { -readonly [K in keyof PointXmlFile]: PointXmlFile[K] };

/** A map annotation this far before the reference stands for *no LAT*. */
const noLatMs = -10_000;

export async function readPoint(file: SourceFile, checkpoint: Checkpoint): Promise<PointXmlFile> {
  const timesMs: number[] = [];
  const ohm: number[] = [];
  const tracks: { connector: string; fileName: string }[] = [];
  const point: Partial<Growing> = {};
  const handlers = {
    open(name: string, fields: Fields) {
      if (name === 'Impedance') {
        timesMs.push(fields.number('Time'));
        ohm.push(present(fields.number('Value')) ?? Number.NaN);
      } else if (name === 'Connector') {
        for (const [connector, fileName] of Object.entries(fields.all)) {
          tracks.push({ connector: copyOf(connector), fileName });
        }
      } else Object.assign(point, partOf(name, fields));
    },
  };
  await parseXml({ file, kind, checkpoint }, handlers);
  return {
    startStudyMs: 0,
    referenceSample: 0,
    ...point,
    impedance: { timesMs: Int32Array.from(timesMs), ohm: Float32Array.from(ohm) },
    trackFiles: tracks,
  };
}

/** Only where a point begins on the study clock: stops reading as soon as that is known. */
export async function readPointStart(file: SourceFile, checkpoint: Checkpoint): Promise<number | undefined> {
  let start: number | undefined;
  const handlers = {
    open(name: string, fields: Fields) {
      if (name === 'Annotations') start = fields.number('StartTime');
    },
  };
  await parseXml({ file, kind, checkpoint }, handlers, () => start !== undefined);
  return start;
}

function partOf(name: string, fields: Fields): Partial<Growing> {
  switch (name) {
    case 'Annotations':
      return annotations(fields);
    case 'WOI':
      return { window: { fromMs: fields.number('From'), toMs: fields.number('To') } };
    case 'Voltages':
      return defined({
        unipolarMv: fields.measured('Unipolar'),
        bipolarMv: fields.measured('Bipolar'),
        maxMicroBipolarMv: fields.measured('MaxMicroBipolar'),
      });
    case 'ECG':
      return { ...defined({ ecgFileName: fields.text('FileName') }), ...channels(fields) };
    case 'ReferenceAnnotations':
      return beats(fields);
    case 'ContactForce':
      return defined({ contactForceFile: fields.text('FileName') });
    default:
      return {};
  }
}

function annotations(fields: Fields): Partial<Growing> {
  const referenceSample = fields.number('Reference_Annotation');
  const annotationSample = fields.number('Map_Annotation');
  const startStudyMs = fields.number('StartTime');
  const latMs = annotationSample - referenceSample;
  return latMs <= noLatMs
    ? { startStudyMs, referenceSample }
    : { startStudyMs, referenceSample, annotationSample, latMs };
}

function beats(fields: Fields): Partial<Growing> {
  const names = Object.keys(fields.all).filter((name) => name.startsWith('Beat'));
  const samples = names.flatMap((name) => {
    const sample = fields.measured(name);
    return sample === undefined ? [] : [[name, sample] as const];
  });
  return { referenceBeats: new Map(samples), ...defined({ cycleLengthMs: fields.measured('CycleLength') }) };
}

function channels(fields: Fields): Partial<Growing> {
  const named = defined({
    unipolar: fields.kept('UnipolarMappingChannel'),
    bipolar: fields.kept('BipolarMappingChannel'),
    reference: fields.kept('ReferenceChannel'),
  });
  return Object.keys(named).length === 0 ? {} : { channels: named };
}
