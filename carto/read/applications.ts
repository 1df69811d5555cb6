import type { SourceFile } from '../source.ts';
import type { RfApplication } from '../study.ts';
import { entriesOf } from '../survey.ts';
import type { NumericTable } from '../table.ts';
import type { Reading } from './reading.ts';
import { electrodesOf, rfTimeColumn } from './rf-electrodes.ts';
import { readTable } from './table.ts';

interface Files {
  generator?: SourceFile;
  force?: SourceFile;
}

/**
 * Reads every radio-frequency application once. The k-th file of a map pairs with the k-th force file of that map; a
 * re-map repeats its parent's files, so applications with the same first time stamp are one, and that is warned of.
 */
export async function readApplications(reading: Reading): Promise<RfApplication[]> {
  const byStart = new Map<number, RfApplication>();
  for (const [map, ordinals] of filesByMap(reading)) {
    for (const [, files] of [...ordinals].sort(([a], [b]) => a - b)) {
      const application = await readApplication(files, map, reading);
      if (!application) continue;
      const { startStudyMs } = application;
      const known = byStart.get(startStudyMs);
      if (known?.generator && application.generator) reading.warnings.add('repeated-file', 'rf');
      if (known?.force && application.force) reading.warnings.add('repeated-file', 'contact-force-in-rf');
      byStart.set(startStudyMs, known ? merged(known, application) : application);
    }
  }
  return [...byStart.values()].sort((a, b) => a.startStudyMs - b.startStudyMs);
}

async function readApplication(files: Files, map: string, reading: Reading): Promise<RfApplication | undefined> {
  const { generator: rfFile, force: forceFile } = files;
  const generator = rfFile && (await reading.attempt('rf', () => readTrace(rfFile, 'rf', reading)));
  const force =
    forceFile &&
    (await reading.attempt('contact-force-in-rf', () => readTrace(forceFile, 'contact-force-in-rf', reading)));
  const first = (table: NumericTable | undefined) => table?.column(rfTimeColumn(table.columns) ?? '')?.[0];
  const startStudyMs = first(generator) ?? first(force);
  if (startStudyMs === undefined || Number.isNaN(startStudyMs)) return undefined;
  return {
    maps: [map],
    startStudyMs,
    ...(generator ? { generator } : {}),
    ...(force ? { force } : {}),
    electrodes: generator ? electrodesOf(generator) : [],
  };
}

/** `RF_` and `ContactForceInRF_` files have the same header style. */
function readTrace(file: SourceFile, kind: string, { checkpoint }: Reading): Promise<NumericTable> {
  const missing = { Irrigation: -1 };
  return readTable({ file, kind, checkpoint, style: 'tabs', required: [rfTimeColumn], missing });
}

function merged(known: RfApplication, again: RfApplication): RfApplication {
  const electrodes = known.electrodes.length > 0 ? known.electrodes : again.electrodes;
  return { ...again, ...known, electrodes, maps: [...new Set([...known.maps, ...again.maps])] };
}

function filesByMap({ survey }: Reading): Map<string, Map<number, Files>> {
  const maps = new Map<string, Map<number, Files>>();
  const put = (map: string, ordinal: string, files: Files) => {
    const ordinals = maps.get(map) ?? new Map<number, Files>();
    ordinals.set(Number(ordinal), { ...ordinals.get(Number(ordinal)), ...files });
    maps.set(map, ordinals);
  };
  for (const { file, identity } of entriesOf(survey, 'rf')) put(identity.map, identity.ordinal, { generator: file });
  for (const { file, identity } of entriesOf(survey, 'contact-force-in-rf')) {
    put(identity.map, identity.ordinal, { force: file });
  }
  return maps;
}
