import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileIdentity, type FileKind, filePath, visiTagTables } from '../../../carto/files.ts';
import { openFolder, type Source, simulateStudy } from '../../../carto/index.ts';
import { contentOf } from '../../../carto/pieces.ts';
import { surveyExport } from '../../../carto/survey.ts';
import { memorySource } from '../../../carto/testing/memory-source.ts';
import { tinyExport, tinyNames } from '../../../carto/testing/tiny-export.ts';
import { passAlways } from '../../../core/gate-flag.ts';
import { porcineExport } from '../../harness/samples.ts';
import { gatherArchives } from './archives.ts';
import { plants } from './mutate.ts';
import { thin } from './thin.ts';

/** What the runs start from: small files by kind, each with the path that it has in the base export. */
export interface Corpus {
  /** Sources that were used, for the report. */
  readonly from: readonly string[];
  readonly files: Readonly<Record<string, readonly SeedFile[]>>;
  /** Small archives by what they are. */
  readonly archives: Readonly<Record<string, readonly SeedFile[]>>;
  /** Nothing but targets that fail on purpose: proof that the campaign sees what it looks for. */
  readonly faults?: true;
}

export interface SeedFile {
  readonly path: string;
  readonly base64: string;
}

const perKindAndSource = 4;

/** The base export: staff typed the planted words and numbers in it, so that whoever searches the output knows them. */
export function baseExport(): Record<string, Buffer> {
  const typed = [...plants.words, ...plants.numbers].join(' ');
  const files = tinyExport({ comment: typed, fullTag: typed, second: `${tinyNames.first} ${plants.words[0]}` });
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]));
}

/** A study XML of one map, for runs in which another file matters. Staff typed the plants in it too. */
export function smallStudy(): Buffer {
  const { first, shell } = tinyNames;
  const typed = [...plants.words, ...plants.numbers].join(' ');
  return Buffer.from(`<Study name="${typed}">
    <Maps Count="1">
        <TagsTable Count="1"><Tag ID="300" Short_Name="T" Full_Name="${typed}" Color="0 1 0 1" Radius="2" /></TagsTable>
        <Map Name="${first}" Index="8101" Visible="true" Type="" NumFiles="1" FileNames="${first}.mesh">
            <CartoPoints Count="1"><Point Id="1" Position3D="0 0 0" CathOrientation="0 0 0" Cath_Id="7001" /></CartoPoints>
        </Map>
    </Maps>
    <Meshes Count="1"><Mesh FileName="${shell}" Visible="false" /></Meshes>
</Study>
`);
}

/** The same with no word of anybody in it. */
function plainExport(): Source {
  return memorySource(tinyExport());
}

/** Gathers the corpus from the made-up export, from a simulated one per generation, and from the samples where they are. */
export async function gatherCorpus(say: (line: string) => void): Promise<Corpus> {
  const sources: [name: string, source: Source][] = [
    ['tiny', plainExport()],
    ['base', memorySource(baseExport())],
  ];
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-fuzz-corpus-'));
  try {
    for (const [name, options] of Object.entries(simulations)) {
      const { folder: made } = await simulateStudy({ folder: join(folder, name), seed: 17, points: 2, ...options });
      sources.push([name, await openFolder(made, passAlways)]);
    }
    if (porcineExport === undefined) say('skipped: no samples; the corpus is simulated only');
    else sources.push(['porcine sample', await openFolder(porcineExport, passAlways)]);
    const files: Record<string, SeedFile[]> = {};
    for (const [, source] of sources) await addTo(files, source);
    addEmptyKinds(files);
    addPaceMapping(files);
    return { from: sources.map(([name]) => name), files, archives: gatherArchives(smallStudy()) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Options of the simulator by name: one for each generation that it writes. */
const simulations: Readonly<Record<string, object>> = { simulated: {} };

async function addTo(files: Record<string, SeedFile[]>, source: Source): Promise<void> {
  const survey = await surveyExport(source, passAlways);
  const entries = [...survey.entries, { identity: { kind: 'study' } as FileIdentity, file: survey.studyFile }];
  const taken = new Map<string, number>();
  for (const { identity, file } of entries) {
    const path = pathInBase(identity);
    const count = taken.get(identity.kind) ?? 0;
    if (path === undefined || count >= perKindAndSource) continue;
    taken.set(identity.kind, count + 1);
    const content = thin(file.path, await contentOf(file, passAlways));
    const known = files[identity.kind] ?? [];
    files[identity.kind] = [...known, { path, base64: content.toString('base64') }];
  }
}

/** Where a file of this kind lies in the base export. */
function pathInBase(identity: FileIdentity): string | undefined {
  const ofFirst = 'map' in identity ? { ...identity, map: tinyNames.first } : identity;
  const plain = (name: string) => name;
  return filePath(ofFirst, {
    study: tinyNames.study,
    map: plain,
    shell: () => tinyNames.shell,
    connector: plain,
    template: plain,
    table: plain,
  });
}

/** Files of a pace mapping export, by the notes on the format. */
function addPaceMapping(files: Record<string, SeedFile[]>): void {
  const leads = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
  const row = (value: number) => leads.map((_, at) => String(value * (at - 6)).padStart(5)).join('');
  const template = `ID: 3\r\nName: PM 3\r\n2020:1:2: 10:11:12\r\nCurrent Matched: 1\r\nCycle Length: 400\r\nTimestamp: 650000\r\nInterval: 10 90\r\nCurrent WOI: -50 50\r\nNon-reference IS\r\nECG:\r\n${leads.join('  ')}\r\n${row(3)}\r\n${row(-7)}\r\n`;
  const pairs =
    '1 Correlated to 2\r\nUser Defined Average: 0.91\r\nSystem Average: 0.87\r\nI: 0.9 II: 0.8\r\nWOI: -50 50\r\n';
  const configuration =
    'IS-IS Correlation Threshold: 0.8\r\nPM-IS Correlation Threshold: 0.8\r\nIS Default Prefix Name: IS\r\n';
  for (const [kind, name, text] of [
    ['paso-template', 'PM 3.txt', template],
    ['paso-correlations', 'PMISCorrelations.txt', pairs],
    ['paso-configuration', 'ConfigurationData.txt', configuration],
  ] as const) {
    files[kind] ??= [{ path: `PaSoExport/${name}`, base64: Buffer.from(text).toString('base64') }];
  }
}

/** Tables that no source has begin as another table. */
function addEmptyKinds(files: Record<string, SeedFile[]>): void {
  for (const [kind, table] of Object.entries(visiTagTables) as [FileKind, string][]) {
    const like = files['ablation-data']?.[0];
    if (like) files[kind] ??= [{ ...like, path: `VisiTagExport/${table}.txt` }];
  }
}
