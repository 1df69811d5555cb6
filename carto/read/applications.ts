import type { Checkpoint } from '../../core/gate-flag.ts';
import type { SourceFile } from '../source.ts';
import type { RfApplication } from '../study.ts';
import { entriesOf, type Survey } from '../survey.ts';
import type { NumericTable } from '../table.ts';
import { readTable } from './table.ts';

/** One `RF_` or `ContactForceInRF_` file after another: they have the same header style. */
function readTrace(file: SourceFile, kind: string, time: string, checkpoint: Checkpoint): Promise<NumericTable> {
  return readTable({ file, kind, checkpoint, style: 'tabs', required: [time] });
}

interface Files {
  generator?: SourceFile;
  force?: SourceFile;
}

/**
 * Reads every radio-frequency application once. The k-th file of a map pairs with the k-th force file of that map; a
 * re-map repeats its parent's files, so applications with the same first time stamp are one.
 */
export async function readApplications(survey: Survey, checkpoint: Checkpoint): Promise<RfApplication[]> {
  const byStart = new Map<number, RfApplication>();
  for (const [map, ordinals] of filesByMap(survey)) {
    for (const [, files] of [...ordinals].sort(([a], [b]) => a - b)) {
      const generator = files.generator && (await readTrace(files.generator, 'rf', 'PiuTimeStamp', checkpoint));
      const force = files.force && (await readTrace(files.force, 'contact-force-in-rf', 'TimeStamp', checkpoint));
      const startStudyMs = generator?.column('PiuTimeStamp')?.[0] ?? force?.column('TimeStamp')?.[0];
      if (startStudyMs === undefined) continue;
      const known = byStart.get(startStudyMs);
      const traces = { ...(generator ? { generator } : {}), ...(force ? { force } : {}) };
      byStart.set(startStudyMs, { ...traces, ...known, startStudyMs, maps: [...(known?.maps ?? []), map] });
    }
  }
  return [...byStart.values()].sort((a, b) => a.startStudyMs - b.startStudyMs);
}

function filesByMap(survey: Survey): Map<string, Map<number, Files>> {
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
