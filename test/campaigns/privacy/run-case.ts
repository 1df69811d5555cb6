import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildArchive, openArchive } from '../../../archive/index.ts';
import { CartoError, openSource, type PseudonymisedStudy, pseudonymise, type Source } from '../../../carto/index.ts';
import { memorySource } from '../../../carto/testing/memory-source.ts';
import { tinyExport } from '../../../carto/testing/tiny-export.ts';
import { passAlways } from '../../../core/gate-flag.ts';
import { newId } from '../../../protocol/ids.ts';
import { profileSchema } from '../../../protocol/profile.ts';
import { type Plant, plantedCase } from './case.ts';
import { clinicalKinds, compareNumbers, numberLines } from './clinical.ts';
import { Hunt } from './hunt.ts';

/** What became of one case. `held`: the scan said so; `refused`: it could not be read. */
export interface CaseResult {
  readonly outcome: 'clean' | 'held' | 'refused' | 'leak';
  readonly why?: string;
  readonly plants: readonly Plant[];
  /** Plants of which the search finds every secret, or one at least, in what went in. */
  readonly foundInInput: number;
  /** Where a secret was found, and which plant it is of. */
  readonly leaks: readonly string[];
  readonly numbers: { readonly equal: number; readonly all: number };
  readonly archived: boolean;
}

const siteKey = Buffer.alloc(32, 9);
/** One case of so many is sealed, opened and searched as an archive too. */
const archivedOnceIn = 20;

export async function runCase(seed: number, index: number): Promise<CaseResult> {
  const planted = plantedCase(seed, index);
  const hunt = new Hunt(planted.plants.flatMap(({ identifier }) => identifier.secrets));
  const input = hunt.in(
    Buffer.concat([planted.zip ?? Buffer.alloc(0), Buffer.from(planted.source), ...bytesOf(planted.files)]),
  );
  const foundInInput = planted.plants.filter(({ identifier }) =>
    identifier.secrets.some((secret) => input.has(secret)),
  ).length;
  const base = { plants: planted.plants, foundInInput, archived: false, numbers: { equal: 0, all: 0 } };
  const archived = index % archivedOnceIn === 0;
  const folder = archived || planted.zip ? mkdtempSync(join(tmpdir(), 'vestibule-privacy-')) : '';
  let source: Source | undefined;
  try {
    source = await sourceOf(planted, folder);
    const profile = profileSchema.options[index % profileSchema.options.length] ?? 'pseudonymised';
    const study = await pseudonymise(source, passAlways, { profile, siteKey });
    const { emitted, numbers } = await emittedBy(study);
    if (archived) Object.assign(emitted, await sealed(study, folder));
    const leaks = Object.entries(emitted).flatMap(([where, bytes]) => {
      return [...hunt.in(Buffer.from(where)), ...hunt.in(bytes)].map((secret) => `${secret} in ${where}`);
    });
    return { ...base, outcome: leaks.length > 0 ? 'leak' : 'clean', leaks, numbers, archived };
  } catch (error) {
    if (!(error instanceof CartoError)) throw error;
    const said = `${error.message} ${error.hint}`;
    const leaks = [...hunt.in(Buffer.from(said))].map((secret) => `${secret} in an error`);
    const outcome = leaks.length > 0 ? 'leak' : error.code === 'PHI_SUSPECTED' ? 'held' : 'refused';
    return { ...base, outcome, why: `${error.code} ${error.message}`, leaks };
  } finally {
    await source?.close?.();
    if (folder !== '') rmSync(folder, { recursive: true });
  }
}

function bytesOf(files: Readonly<Record<string, Buffer>>): Buffer[] {
  return Object.entries(files).flatMap(([path, content]) => [Buffer.from(`\n${path}\n`), content]);
}

async function sourceOf({ zip, files, source }: ReturnType<typeof plantedCase>, folder: string): Promise<Source> {
  if (!zip) return memorySource(files, { name: source });
  const path = join(folder, 'export.zip');
  writeFileSync(path, zip);
  return openSource(path, passAlways, { spoolFolder: folder });
}

/** Everything that a study hands on, by where it is; and how many numbers are as they were. */
async function emittedBy(study: PseudonymisedStudy) {
  const emitted: Record<string, Buffer> = {};
  const lines = new Map<string, string[]>();
  for (const file of study.files) {
    const pieces: Uint8Array[] = [];
    for await (const piece of file.open()) pieces.push(piece);
    const content = Buffer.concat(pieces);
    emitted[`study/${file.name}`] = content;
    if (clinicalKinds.has(file.kind)) lines.set(file.kind, [...(lines.get(file.kind) ?? []), ...numberLines(content)]);
  }
  const { studyCode, counts, leftOut, warnings } = study;
  emitted.manifest = Buffer.from(JSON.stringify({ studyCode, counts, leftOut, warnings }));
  const all = [...lines.values()].flat();
  return { emitted, numbers: compareNumbers(expectedNumbers, all) };
}

/** The lines of numbers of the export as it is without plants. */
const expectedNumbers = Object.entries(tinyExport())
  .filter(([path]) => /\.mesh$|_ECG_Export|Positions|^RF_|^ContactForceInRF/.test(path))
  .flatMap(([, content]) => numberLines(Buffer.from(content)));

const reader = { kid: 'reader', secret: Buffer.alloc(32, 3) };

/** Both tiers sealed: what lies on the disk, and what a reader with the key gets out of it. */
async function sealed(study: PseudonymisedStudy, folder: string): Promise<Record<string, Buffer>> {
  const found: Record<string, Buffer> = {};
  const caseId = newId('case');
  for (const tier of ['review', 'study'] as const) {
    const order = {
      study,
      tier,
      caseId,
      archiveId: newId('arc'),
      folder,
      recipients: [reader],
      checkpoint: passAlways,
    };
    const { path, keysPath } = await buildArchive(order);
    found[`raw ${tier}`] = readFileSync(path);
    found[`keys ${tier}`] = readFileSync(keysPath);
    using opened = await openArchive(path, reader);
    found[`index ${tier}`] = Buffer.from(JSON.stringify(opened.files));
    for (const { name } of opened.files) {
      const pieces: Uint8Array[] = [];
      for await (const piece of opened.read(name)) pieces.push(piece);
      found[`${tier}/${name}`] = Buffer.concat(pieces);
    }
  }
  return found;
}
