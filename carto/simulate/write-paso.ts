import { drawRecording } from './ecg.ts';
import { crlf, toCp1252 } from './format.ts';
import { type Random, randomOf } from './random.ts';
import { recordTip } from './recording.ts';
import type { SimulatedStudy } from './study.ts';

const leads = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'] as const;
const templates = { IS: 2, PM: 3 } as const;
const samples = 300;

/** The folder of pace-map templates: beats of the arrhythmia, paced beats, and how alike they are. */
export function writePaSo(study: SimulatedStudy): [name: string, content: Buffer][] {
  const random = randomOf(study.seed, 'paso');
  const files: [string, Buffer][] = [['ConfigurationData.txt', configuration()]];
  for (const prefix of ['IS', 'PM'] as const) {
    for (let id = 1; id <= templates[prefix]; id += 1) {
      files.push([`${prefix}${id}.txt`, template(study, prefix, id, random)]);
    }
  }
  files.push(['ISISCorrelations.txt', correlations('IS', random)]);
  files.push(['PMISCorrelations.txt', correlations('PM', random)]);
  return files;
}

const text = (lines: readonly string[]) => toCp1252(crlf(lines));

function configuration(): Buffer {
  return text([
    'IS-IS Correlation Threshold: 0.8',
    'IS-IS Minimum Correlated Channels: 10',
    'PM-IS Correlation Threshold: 0.9',
    'PM-IS Minimum Correlated Channels: 10',
    'IS Default Prefix Name: IS',
    'PM Default Prefix Name: PM',
  ]);
}

/** A template with the day and time at which it was taken: those of the procedure, hours before the export. */
function template(study: SimulatedStudy, prefix: 'IS' | 'PM', id: number, random: Random): Buffer {
  const at = new Date(study.stamp.at.getTime() - random.integer(3_600, 14_400) * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  const startMs = study.applications[0]!.startMs - random.integer(20_000, 240_000);
  const from = random.integer(1780, 1820);
  return text([
    `ID: ${id}`,
    `Name: ${prefix === 'IS' && id === 1 ? study.names.template : `${prefix}${id}`}`,
    `Year: ${at.getUTCFullYear()} Month: ${at.getUTCMonth() + 1} Day: ${at.getUTCDate()} ${clock}`,
    `Current Matched: ${(0.8 + 0.19 * random.next()).toFixed(3)}`,
    `Best: ${(0.8 + 0.19 * random.next()).toFixed(3)}`,
    `Cycle Length: ${random.integer(330, 600)}`,
    `Timestamp: ${startMs}`,
    `Interval: ${from} ${from + samples}`,
    'Current WOI: -80 120',
    prefix === 'IS' && id === 1 ? 'Reference IS' : 'Non-reference IS',
    'ECG:',
    ...beat(study, id, from),
  ]);
}

function beat(study: SimulatedStudy, id: number, from: number): string[] {
  const { chamber, seed } = study;
  const { mesh } = study.maps[0]!;
  const flat = new Float64Array(mesh.vertices.length / 3);
  const fields = { unipolarMv: flat, bipolarMv: flat, latMs: flat, impedanceOhm: flat, forceG: flat };
  const workplace = {
    ...{ seed, chamber, mesh, stream: 'paso' },
    fields: { ...fields, scar: new Uint8Array(flat.length), patch: chamber.centre },
  };
  const signals = drawRecording(recordTip(workplace, { ordinal: id, startMs: 0, vertex: 0 }, true));
  const columns = leads.map((lead) => signals.find(({ channel }) => channel[0] === lead)!.counts);
  const row = (cells: readonly (string | number)[]) => cells.map((cell) => String(cell).padStart(5)).join('');
  return [row(leads), ...Array.from({ length: samples }, (_, t) => row(columns.map((counts) => counts[from + t]!)))];
}

function correlations(prefix: 'IS' | 'PM', random: Random): Buffer {
  const lines: string[] = [];
  for (let id = 1; id <= templates[prefix]; id += 1) {
    const values = leads.map(() => 0.75 + 0.24 * random.next());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    lines.push(
      `${id} Correlated to 1`,
      `User Average: ${mean.toFixed(3)}`,
      `System Average: ${mean.toFixed(3)}`,
      ...leads.map((lead, n) => `${lead}: ${values[n]!.toFixed(3)}`),
      'WOI: -80 120',
      '',
    );
  }
  return text(lines);
}
