import type { Checkpoint } from '../core/gate-flag.ts';
import { decodeText, isUtf16, textStart } from './decode.ts';
import { CartoError } from './error.ts';
import { FileClassifier, type FileIdentity, type FileKind } from './files.ts';
import { headOf } from './pieces.ts';
import { readStudyXml, type StudyXml } from './read/study-xml.ts';
import type { Source, SourceFile } from './source.ts';

/** An export, surveyed: its study XML read, and of every other file known what it is. */
export interface Survey {
  readonly study: StudyXml;
  readonly studyFile: SourceFile;
  /** All files but the study XML. */
  readonly entries: readonly SurveyEntry[];
}

export interface SurveyEntry {
  readonly file: SourceFile;
  readonly identity: FileIdentity;
  /** Relative to the folder of the study XML; the whole path for what lies elsewhere. */
  readonly path: string;
}

const headBytes = 4096;

/**
 * Finds and reads the study XML, which may lie some folders down, and classifies the files of its folder.
 * Throws EMPTY, NO_STUDY, or UNREADABLE when there are two studies or the study XML is damaged.
 */
export async function surveyExport(source: Source, checkpoint: Checkpoint): Promise<Survey> {
  if (source.files.length === 0) throw new CartoError('EMPTY', 'the source holds no file');
  const studyFile = await findStudy(source, checkpoint);
  const study = await readStudyXml({ file: studyFile, kind: 'study', checkpoint });
  const root = studyFile.path.slice(0, studyFile.path.lastIndexOf('/') + 1);
  const classifier = new FileClassifier({
    maps: study.maps,
    shells: study.shells.map((shell) => shell.fileName),
  });
  const entries: SurveyEntry[] = [];
  for (const file of source.files) {
    if (file !== studyFile) entries.push(entryOf(file, root, classifier));
    if (entries.length % entriesPerLook === 0) await checkpoint();
  }
  return { study, studyFile, entries };
}

/** Each name is compared with all maps: a large study has thousands of both together. */
const entriesPerLook = 64;

function entryOf(file: SourceFile, root: string, classifier: FileClassifier): SurveyEntry {
  if (!file.path.startsWith(root)) return { file, identity: { kind: 'outside' }, path: file.path };
  const path = file.path.slice(root.length);
  return { file, identity: classifier.identify(path), path };
}

/**
 * The study XML is found by what it begins with, not by its name. Thousands of other XMLs lie beside it; those whose
 * names say that they are points are looked at only when nothing else was a study.
 */
async function findStudy(source: Source, checkpoint: Checkpoint): Promise<SourceFile> {
  const candidates = source.files.filter((file) => file.path.toLowerCase().endsWith('.xml'));
  const isPoint = (file: SourceFile) => /_Points?_Export\.xml$/i.test(file.path);
  for (const group of [candidates.filter((file) => !isPoint(file)), candidates.filter(isPoint)]) {
    const found: SourceFile[] = [];
    for (const file of group) if (await beginsAsStudy(file, checkpoint)) found.push(file);
    if (found.length > 1) {
      throw new CartoError('UNREADABLE', `${found.length} study XMLs lie in one source`, {
        kind: 'study',
        hint: 'Put each export into a folder of its own.',
      });
    }
    if (found[0]) return found[0];
  }
  throw new CartoError('NO_STUDY', 'no file of the source is a study XML');
}

/**
 * Whether a study XML lies among the files, by names that do not say that they are points: enough to tell an export from
 * what merely holds one.
 */
export async function holdsStudy(source: Pick<Source, 'files'>, checkpoint: Checkpoint): Promise<boolean> {
  for (const file of source.files) {
    if (isStudyCandidate(file) && (await beginsAsStudy(file, checkpoint))) return true;
  }
  return false;
}

function isStudyCandidate({ path }: SourceFile): boolean {
  return /\.xml$/i.test(path) && !/_Points?_Export\.xml$/i.test(path);
}

async function beginsAsStudy(file: SourceFile, checkpoint: Checkpoint): Promise<boolean> {
  const bytes = await headOf(file, checkpoint, headBytes);
  // A study that another program saved in UTF-16 is refused for that, not taken for none.
  if (isUtf16(bytes) && studyStart.test(utf16(bytes))) textStart(bytes, 'study');
  return studyStart.test(decodeText(bytes));
}

const studyStart = /^\uFEFF?\s*(?:<\?xml[^>]*\?>\s*)?<Study\s[^>]*?\bname\s*=/;

function utf16(bytes: Uint8Array): string {
  const isBigEndian = bytes[0] === 0xfe || bytes[0] === 0;
  return new TextDecoder(isBigEndian ? 'utf-16be' : 'utf-16le').decode(bytes);
}

type IdentityOf<Kind extends FileKind> = FileIdentity extends infer One
  ? One extends { readonly kind: infer Own }
    ? Kind extends Own
      ? One
      : never
    : never
  : never;

/** Entries of one kind. */
export function entriesOf<Kind extends FileKind>(
  survey: Survey,
  kind: Kind,
): { readonly file: SourceFile; readonly identity: IdentityOf<Kind> }[] {
  return survey.entries.filter((entry) => entry.identity.kind === kind) as never;
}
