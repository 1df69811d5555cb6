import type { Checkpoint } from '../../core/gate-flag.ts';
import type { Tier } from '../../protocol/ids.ts';
import type { FileKind } from '../files.ts';
import { type HeaderStyle, headerCells } from '../grammar/table.ts';
import { isLeftOut } from '../left-out.ts';
import { isKnownCarVersion } from '../read/car.ts';
import type { SourceFile } from '../source.ts';
import { CarWriter } from './car-writer.ts';
import { ContactForceWriter, forceHeader } from './contact-force-writer.ts';
import { EcgWriter } from './ecg-writer.ts';
import { type LineWriter, rewriteLines } from './line-writer.ts';
import { MeshWriter } from './mesh-writer.ts';
import { NumericTableWriter } from './numeric-table-writer.ts';
import { PaceTemplateWriter, PaceWriter } from './paso-writer.ts';
import type { Pen } from './pen.ts';
import type { Proved } from './proof/prover.ts';
import type { RuledKind } from './rules.ts';
import { writeSessions } from './sessions-writer.ts';
import { SettingsWriter } from './settings-writer.ts';
import { TableWriter } from './table-writer.ts';
import { TrackWriter, trackHeader } from './track-writer.ts';
import { writeXml } from './xml-writer.ts';

export interface WriteOrder {
  readonly file: SourceFile;
  readonly pen: Pen;
  readonly checkpoint: Checkpoint;
  /** The file's new path. */
  readonly path: string;
}

/** How one kind of file is pseudonymised. */
export interface Treatment {
  readonly tiers: readonly Tier[];
  /** Whose rules apply, where they are not the kind's own. */
  readonly rules?: RuledKind;
  /**
   * Written once for nobody before any file is searched: what staff typed in it is then known, and one that breaks its
   * grammar stays behind, with a warning, instead of holding the case.
   */
  readonly tried?: true;
  /** Whether a file of this kind begins as a version that is known; one that does not stays behind, with a warning. */
  recognises(firstLine: string, pen: Pen): boolean;
  write(order: WriteOrder): AsyncIterable<Buffer | Proved>;
}

const both: readonly Tier[] = ['review', 'study'];
const studyOnly: readonly Tier[] = ['study'];

const xml: Treatment = {
  tiers: both,
  recognises: () => true,
  write: ({ file, pen, checkpoint }) => writeXml({ file, kind: pen.kind, checkpoint }, pen),
};

function lines(
  tiers: readonly Tier[],
  recognises: Treatment['recognises'],
  writer: (order: WriteOrder) => LineWriter,
): Treatment {
  const write = (order: WriteOrder) => {
    const { file, pen, checkpoint } = order;
    return rewriteLines({ file, kind: pen.kind, checkpoint, prover: pen.desk.prover }, writer(order));
  };
  return { tiers, recognises, write };
}

/** A table is known when a column of it has a rule, or when it is empty. */
function table(tiers: readonly Tier[], style: HeaderStyle): Treatment {
  const recognises = (firstLine: string, pen: Pen) => {
    const columns = headerCells(firstLine, style);
    return columns.length === 0 || columns.some((name) => pen.ruleOf(name) !== undefined);
  };
  return lines(tiers, recognises, ({ pen }) => new TableWriter(pen, style));
}

const mesh = {
  ...lines(
    both,
    () => true,
    ({ pen }) => new MeshWriter(pen.as('mesh')),
  ),
  rules: 'mesh',
} as const satisfies Treatment;
const track = lines(
  studyOnly,
  (first) => trackHeader.test(first),
  ({ pen }) => new TrackWriter(pen),
);
const settings = lines(
  both,
  () => true,
  ({ pen }) => new SettingsWriter(pen),
);
const pace: Treatment = {
  ...lines(
    studyOnly,
    () => true,
    ({ pen }) => new PaceWriter(pen),
  ),
  tried: true,
};
const bulk = table(studyOnly, 'blanks');

/** Any table of numbers: for kinds that are not documented, where the site's file names them. */
export const unsupportedTable: Treatment = {
  ...lines(
    studyOnly,
    () => true,
    ({ pen }) => new NumericTableWriter(pen.as('unsupported-table')),
  ),
  rules: 'unsupported-table',
  tried: true,
};

/** A kind without rules has no treatment: it would not compile. */
const byKind = {
  study: xml,
  'points-index': xml,
  point: xml,
  'fpti-formulas': xml,
  mesh,
  shell: mesh,
  car: lines(both, isKnownCarVersion, ({ pen }) => new CarWriter(pen.as('car'))),
  ecg: lines(
    studyOnly,
    (first) => /^ECG_Export_[34]\.\d\s*$/.test(first),
    ({ pen }) => new EcgWriter(pen.as('ecg')),
  ),
  'electrode-positions': track,
  'sensor-positions': track,
  'contact-force': lines(
    studyOnly,
    (first) => forceHeader.test(first),
    ({ pen, path }) => new ContactForceWriter(pen.as('contact-force'), path),
  ),
  rf: table(studyOnly, 'tabs'),
  'contact-force-in-rf': table(studyOnly, 'tabs'),
  sites: table(both, 'blanks'),
  'ablation-sites': table(both, 'blanks'),
  'visitag-sessions': {
    ...table(both, 'blanks'),
    write: ({ file, pen, checkpoint }) => writeSessions(file, pen, checkpoint),
  },
  'visitag-presets': settings,
  'visitag-settings': settings,
  'visitag-display': { ...settings, tiers: studyOnly },
  'ablation-data': bulk,
  'contact-force-data': bulk,
  grids: bulk,
  'adjusted-positions': bulk,
  'end-expiriums': bulk,
  'raw-positions': bulk,
  'positions-data': bulk,
  'all-positions-in-grids': bulk,
  'paso-configuration': pace,
  'paso-correlations': pace,
  'paso-template': {
    ...lines(
      studyOnly,
      () => true,
      ({ pen }) => new PaceTemplateWriter(pen.as('paso-template')),
    ),
    tried: true,
  },
} satisfies Partial<Record<FileKind & RuledKind, Treatment>> & {
  readonly shell: Treatment & { readonly rules: RuledKind };
};

/** How files of a kind are written; undefined for those that stay behind. `unsupported`: kinds that leave nevertheless. */
export function treatmentOf(kind: FileKind, unsupported: readonly FileKind[]): Treatment | undefined {
  if (unsupported.includes(kind)) return unsupportedTable;
  return isLeftOut(kind) ? undefined : treatments[kind];
}

/** Kinds that are not here stay behind. */
export const treatments: Readonly<Partial<Record<FileKind, Treatment>>> = byKind;

/** Whose rules apply to a file of a kind that has a treatment. */
export function rulesFor(kind: FileKind, { rules }: Treatment): RuledKind {
  return rules ?? (kind as FileKind & RuledKind);
}
