import type { FileKind } from './files.ts';
import type { LeftOut, Source } from './source.ts';
import type { Survey } from './survey.ts';
import { Tally } from './tally.ts';

/** Kinds that are neither read nor passed on. */
const leftOutKinds: ReadonlySet<FileKind> = new Set([
  'paso-other',
  'visitag-pfa',
  'temperatures-in-rf',
  'nmarq-mapping',
  'unreferenced-mesh',
  'visitag-other',
  'outside',
  'unknown',
]);

export function isLeftOut(kind: FileKind): boolean {
  return leftOutKinds.has(kind);
}

/** How many files of each kind stay behind, with what the source itself did not look into. */
export function filesLeftOut(source: Source, survey: Survey): LeftOut[] {
  const tally = new Tally();
  for (const { kind, count } of source.leftOut ?? []) tally.add(kind, count);
  for (const { identity } of survey.entries) if (isLeftOut(identity.kind)) tally.add(identity.kind);
  return tally.counts();
}
