import { FileClassifier, type FileKind } from '../files.ts';
import type { StudyXml } from '../read/study-xml.ts';
import type { Source } from '../source.ts';
import type { Survey } from '../survey.ts';
import { Warnings } from '../warnings.ts';
import { Codes } from './codes.ts';
import { Counters } from './counters.ts';
import type { Linkage } from './linkage.ts';
import { Originals } from './originals.ts';
import type { Desk } from './pen.ts';
import { Prover } from './proof/prover.ts';
import type { Rules } from './rule.ts';
import type { Scheme } from './scheme.ts';

interface Given {
  readonly rules: Rules;
  readonly scheme: Scheme;
  readonly linkage?: Linkage | undefined;
  readonly proof?: ((prover: Prover) => Desk['prover']) | undefined;
}

/**
 * Lays out what the writers of one study share: remembers what staff typed, draws the codes of study and maps, and
 * puts the workstation's counters in order.
 */
export function layDesk(source: Source, survey: Survey, given: Given): Desk {
  const { study } = survey;
  const originals = new Originals(pointWords(study));
  for (const name of originalNames(source, survey)) originals.add(name);
  const { scheme, linkage } = given;
  const codes = new Codes({ scheme, originals, known: linkage?.codes });
  codes.of('study', study.name);
  for (const map of study.maps) codes.of('map', map.name);
  for (const shell of study.shells) codes.of('shell', shell.fileName);
  const counters = new Counters({ scheme, known: linkage?.counters });
  counters.announce(
    'map',
    study.maps.map((map) => map.index),
  );
  counters.announce(
    'catheter',
    study.maps.flatMap((map) => map.points.map((point) => point.catheterId ?? 0)),
  );
  return {
    rules: given.rules,
    scheme,
    codes,
    counters,
    prover: (given.proof ?? ((prover) => prover))(new Prover({ originals, counters })),
    originals,
    warnings: new Warnings(),
    classifier: new FileClassifier({ maps: study.maps, shells: study.shells.map((shell) => shell.fileName) }),
    studyName: study.name,
  };
}

/** `p` and the point's id: what files of points are called, also in a study that staff named like a point. */
function pointWords({ maps }: StudyXml): ReadonlySet<string> {
  return new Set(maps.flatMap((map) => map.points.map((point) => `p${point.id}`)));
}

/** Kinds of files whose names are not understood. */
const namedByAnyone: ReadonlySet<FileKind> = new Set([
  'unknown',
  'outside',
  'visitag-other',
  'visitag-pfa',
  'temperatures-in-rf',
  'paso-other',
]);

/** Names of the study, its maps and surfaces, and of what contains or accompanies them. */
function* originalNames(source: Source, { study, studyFile, entries }: Survey): Generator<string> {
  yield source.name ?? '';
  for (const part of studyFile.path.split('/')) yield part;
  yield study.name;
  for (const map of study.maps) yield* [map.name, ...map.meshFiles];
  for (const shell of study.shells) yield shell.fileName;
  const maps = study.maps.map((map) => map.name);
  for (const { identity, path } of entries) {
    if (!namedByAnyone.has(identity.kind)) continue;
    // A file of a map is named by the workstation: the digits in its name are times and ids that stay elsewhere.
    const cut = path.lastIndexOf('/') + 1;
    const [folder, name] = [path.slice(0, cut), path.slice(cut)];
    const byWorkstation = identity.kind.startsWith('visitag-') || maps.some((map) => isOfMap(name, map));
    yield* [folder, byWorkstation ? name.replaceAll(/\d/g, ' ') : name];
  }
}

/** `<map>_…`, `<map>.…`, `…_<map>_…` or `…_<map>.…`: a short map name may be a part of anything else. */
function isOfMap(name: string, map: string): boolean {
  return ['_', '.'].some((end) => name.startsWith(map + end) || name.includes(`_${map}${end}`));
}
