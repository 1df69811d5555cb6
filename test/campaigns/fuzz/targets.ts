import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeText } from '../../../carto/decode.ts';
import { CartoError } from '../../../carto/error.ts';
import { FileClassifier } from '../../../carto/files.ts';
import { identify, openSource, pseudonymise, readStudy, type SourceFile } from '../../../carto/index.ts';
import { contentOf } from '../../../carto/pieces.ts';
import { readCar } from '../../../carto/read/car.ts';
import { readContactForce } from '../../../carto/read/contact-force.ts';
import { readEcg } from '../../../carto/read/ecg.ts';
import { readFormulas } from '../../../carto/read/formulas.ts';
import { readMesh } from '../../../carto/read/mesh.ts';
import { readPaceCorrelations } from '../../../carto/read/paso-correlations.ts';
import { readPaceTemplate } from '../../../carto/read/paso-template.ts';
import { readPoint, readPointStart } from '../../../carto/read/point.ts';
import { readPointsIndex } from '../../../carto/read/points-index.ts';
import { readSessions } from '../../../carto/read/sessions.ts';
import { readSettings } from '../../../carto/read/settings.ts';
import { readStudyXml } from '../../../carto/read/study-xml.ts';
import { readTable } from '../../../carto/read/table.ts';
import { memorySource } from '../../../carto/testing/memory-source.ts';
import { tinyNames } from '../../../carto/testing/tiny-export.ts';
import { passAlways } from '../../../core/gate-flag.ts';
import { type Profile, profileSchema } from '../../../protocol/profile.ts';
import { archivePassword } from './archives.ts';
import { baseExport, type Corpus, type SeedFile, smallStudy } from './corpus.ts';
import { faults } from './faults.ts';
import { FuzzFailure, hasPlant } from './verdict.ts';

/** Something that takes a file's bytes: gives nothing, or throws what the campaign judges. */
export interface Target {
  /** `read mesh`, `write mesh`, `study mesh`: what is done, and the kind of the file that is damaged. */
  readonly name: string;
  readonly seeds: readonly SeedFile[];
  /** Damaged byte by byte, not line by line. */
  readonly isBinary?: true;
  run(input: Buffer, seed: SeedFile): Promise<void>;
}

type Reader = (file: SourceFile) => Promise<unknown>;

const xmlOf = (file: SourceFile, kind: string) => ({ file, kind, checkpoint: passAlways });
const table = (kind: string, style: 'tabs' | 'blanks', required: readonly string[], skipLines = 0): Reader => {
  return (file) => readTable({ file, kind, checkpoint: passAlways, style, required, skipLines });
};
const settings = (kind: string): Reader => {
  return (file) => readSettings(file, kind, passAlways);
};

/** Every parser of the room, by the kind of file that it reads. */
const readers: Readonly<Record<string, Reader>> = {
  study: (file) => readStudyXml(xmlOf(file, 'study')),
  'points-index': (file) => readPointsIndex(file, passAlways),
  async point(file) {
    await readPointStart(file, passAlways);
    await readPoint(file, passAlways);
  },
  'fpti-formulas': (file) => readFormulas(file, passAlways),
  mesh: (file) => readMesh(file, passAlways),
  shell: (file) => readMesh(file, passAlways),
  car: (file) => readCar(file, passAlways),
  ecg: (file) => readEcg(file, passAlways),
  'contact-force': (file) => readContactForce(file, passAlways),
  'electrode-positions': table('electrode-positions', 'tabs', ['Time', 'X', 'Y', 'Z'], 1),
  'sensor-positions': table('sensor-positions', 'tabs', ['Time', 'X', 'Y', 'Z'], 1),
  rf: table('rf', 'tabs', ['PiuTimeStamp']),
  'contact-force-in-rf': table('contact-force-in-rf', 'tabs', ['TimeStamp']),
  sites: table('sites', 'blanks', ['Session', 'SiteIndex', 'X', 'Y', 'Z', 'DurationTime', 'AverageForce', 'FTI']),
  'ablation-sites': table('ablation-sites', 'blanks', []),
  'visitag-sessions': (file) => readSessions(file, passAlways),
  'ablation-data': table('ablation-data', 'blanks', ['TimeStamp', 'Session', 'Impedance', 'Power']),
  'contact-force-data': table('contact-force-data', 'blanks', ['Time', 'Session', 'Force']),
  grids: table('grids', 'blanks', ['UniqID', 'X', 'Y', 'Z']),
  'adjusted-positions': table('adjusted-positions', 'blanks', ['TimeStamp', 'X', 'Y', 'Z']),
  'end-expiriums': table('end-expiriums', 'blanks', ['TimeStamp', 'X', 'Y', 'Z']),
  'raw-positions': table('raw-positions', 'blanks', []),
  'positions-data': table('positions-data', 'blanks', []),
  'all-positions-in-grids': table('all-positions-in-grids', 'blanks', []),
  'paso-correlations': (file) => readPaceCorrelations(file, 'ISIS', passAlways),
  'paso-template': (file) => readPaceTemplate(file, passAlways),
  'paso-configuration': settings('paso-configuration'),
  'visitag-presets': settings('visitag-presets'),
  'visitag-settings': settings('visitag-settings'),
  'visitag-display': settings('visitag-display'),
};

/** All targets over one corpus. */
export function targetsOf(corpus: Corpus): readonly Target[] {
  if (corpus.faults) return faults;
  const base = baseExport();
  const kinds = Object.entries(corpus.files);
  return [
    ...kinds.flatMap(([kind, seeds]) =>
      readers[kind] ? [{ name: `read ${kind}`, seeds, run: readBy(readers[kind]) }] : [],
    ),
    ...kinds.map(([kind, seeds]) => ({
      name: `write ${kind}`,
      seeds,
      run: (input: Buffer, seed: SeedFile) => write(base, kind, seed.path, input),
    })),
    ...kinds.map(([kind, seeds]) => ({
      name: `study ${kind}`,
      seeds,
      run: (input: Buffer, seed: SeedFile) => study(base, kind, seed.path, input),
    })),
    ...Object.entries(corpus.archives).map(([kind, seeds]) => ({ name: `container ${kind}`, seeds, run: container() })),
    {
      name: 'names',
      seeds: kinds.flatMap(([, seeds]) => seeds.slice(0, 1)),
      run: async (input: Buffer) => names(input),
    },
  ];
}

function readBy(reader: Reader): Target['run'] {
  return async (input) => {
    const [file] = memorySource({ file: input }, { pieceBytes: input.length > 1 << 20 ? 1 << 18 : 1000 }).files;
    await reader(file as SourceFile);
  };
}

const studyPath = `${tinyNames.study}.xml`;
const smallStudyXml = smallStudy();

/** The study XML and the damaged file, pseudonymised: refused, or without any plant. */
async function write(base: Readonly<Record<string, Buffer>>, kind: string, path: string, input: Buffer): Promise<void> {
  const files = { [studyPath]: smallStudyXml, ...(kind === 'study' ? small(base) : {}), [path]: input };
  const made = await pseudonymise(memorySource(files), passAlways, { profile: profileFor(input), siteKey });
  for (const file of made.files) {
    expectNoPlant(file.name, Buffer.from(file.name));
    const pieces: Uint8Array[] = [];
    for await (const piece of file.open()) pieces.push(piece);
    expectNoPlant(file.name, Buffer.concat(pieces));
  }
}

const siteKey = Buffer.alloc(32, 7);

/** Every profile has its turn; the same for the same input. */
function profileFor(input: Buffer): Profile {
  return profileSchema.options[input.length % profileSchema.options.length] as Profile;
}

/** Some files that a damaged study XML may refer to. */
function small(base: Readonly<Record<string, Buffer>>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(base).filter(([path]) => /_car\.txt$|RF_|Presets/.test(path)));
}

/**
 * The whole base export with one file damaged, read, identified and pseudonymised. Each of the three may be refused; once the
 * pseudonymiser has begun, no file is refused for what another one holds, except by the search.
 */
async function study(base: Readonly<Record<string, Buffer>>, kind: string, path: string, input: Buffer): Promise<void> {
  const source = memorySource({ ...base, [path]: input });
  const refusals: unknown[] = [];
  const attempt = async (work: () => Promise<void>) => {
    await work().catch((error: unknown) => {
      if (!(error instanceof CartoError)) throw error;
      refusals.push(error);
    });
  };
  await attempt(async () => {
    const read = await readStudy(source, passAlways).catch((error: unknown) => {
      throw isOfStudy(error) || kind === 'study'
        ? error
        : new FuzzFailure('collateral', `a damaged ${kind} ends the reading: ${error}`);
    });
    for (const { points } of read.maps) {
      for (const { recording } of points) {
        await attempt(async () => void (await recording?.loadEcg()));
        await attempt(async () => void (await recording?.loadContactForce()));
        for (const track of recording?.tracks ?? []) await attempt(async () => void (await track.load()));
      }
    }
    await attempt(async () => void (await read.visiTag?.loadRawPositions()));
    await attempt(async () => void (await read.visiTag?.loadPositionsData()));
    await attempt(async () => void (await read.visiTag?.loadAllPositionsInGrids()));
  });
  await attempt(async () => void (await identify(source, passAlways, siteKey)));
  await attempt(async () => {
    for (const file of (await pseudonymise(source, passAlways, { profile: profileFor(input), siteKey })).files) {
      await attempt(() => open(file, kind));
    }
  });
  if (refusals.length > 0) throw refusals[0];
}

/** Two files that begin as a study’s are two studies, whatever the second was before it was damaged. */
function isOfStudy(error: unknown): boolean {
  return error instanceof CartoError && error.kind === 'study';
}

async function open(
  file: { readonly name: string; readonly kind: string; open(): AsyncIterable<Uint8Array> },
  damaged: string,
): Promise<void> {
  try {
    for await (const piece of file.open()) expectNoPlant(file.name, Buffer.from(piece));
  } catch (error) {
    const isOwn = file.kind === damaged || (error instanceof CartoError && error.code === 'PHI_SUSPECTED');
    if (isOwn || !(error instanceof CartoError)) throw error;
    throw new FuzzFailure('collateral', `a damaged ${damaged} takes a ${file.kind} with it: ${error.message}`);
  }
}

function expectNoPlant(name: string, bytes: Buffer): void {
  const found = hasPlant(bytes);
  if (found) throw new FuzzFailure('leak', `${found} is in the output ${name}`);
}

const archiveLimits = { maxEntries: 1000, maxTotalBytes: 4 * 2 ** 20, maxFileBytes: 2 * 2 ** 20 };

/** An archive on disk: listed, and every file of it read. The password is the right one for those that need one. */
function container(): Target['run'] {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-fuzz-container-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'case');
  return async (input) => {
    writeFileSync(path, input);
    const options = { limits: archiveLimits, password: archivePassword, spoolFolder: folder };
    const source = await openSource(path, passAlways, options);
    try {
      for (const file of source.files) await contentOf(file, passAlways);
    } finally {
      await source.close?.();
    }
  };
}

/** Bytes as names of files: told by the classifier, in an export that has such map names too. */
function names(input: Buffer): void {
  const lines = decodeText(input.subarray(0, 3000)).split('\n').slice(0, 40);
  const classifier = new FileClassifier({
    maps: lines.slice(0, 3).map((name) => ({ name, meshFiles: [`${name}.mesh`] })),
    shells: lines.slice(3, 5),
  });
  for (const line of lines) {
    for (const path of [
      line,
      `${lines[0]}_${line}`,
      `${lines[0]}_P1_${line}_Eleclectrode_Positions.txt`,
      `VisiTagExport/${line}`,
    ])
      classifier.identify(path);
  }
}
