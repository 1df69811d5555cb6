import { beyondAnyStudy, CartoError } from '../error.ts';
import type { Coloring, SettingsBlock, Tag, Vector3 } from '../study.ts';
import { defined, type Fields, numbersIn, present, vectorIn } from './fields.ts';
import { ListCounts } from './list-counts.ts';
import { parseXml, type XmlFile } from './xml.ts';

/** What the study XML says: the catalogue of the export. */
export interface StudyXml {
  readonly name: string;
  readonly colorings: readonly Coloring[];
  readonly tags: readonly Tag[];
  readonly maps: readonly MapXml[];
  readonly shells: readonly ShellXml[];
  readonly registration?: readonly number[];
  readonly registrationData?: SettingsBlock;
  readonly displayTables: ReadonlyMap<string, SettingsBlock>;
  /** Lists that hold another number of things than they announce, and units other than the usual ones. */
  readonly mismatches: number;
  readonly oddUnits: number;
}

export interface ShellXml {
  readonly fileName: string;
  readonly visible: boolean;
  readonly landmarksMm: readonly Vector3[];
}

export interface MapXml {
  readonly name: string;
  readonly index: number;
  readonly visible: boolean;
  readonly volumeMl?: number;
  readonly meshFiles: readonly string[];
  readonly coloringRanges: readonly { readonly coloringId: number; readonly min: number; readonly max: number }[];
  readonly reference: { readonly algorithm: number; readonly channel?: number; readonly connector?: string };
  readonly cutouts: readonly Float64Array[];
  readonly points: readonly PointXml[];
}

export interface PointXml {
  readonly id: number;
  readonly positionMm: Vector3;
  readonly orientationRad: Vector3;
  readonly catheterId?: number;
  readonly projectedMm?: Vector3;
  readonly tagIds: readonly number[];
}

/**
 * Reads the study XML. Elements and attributes that are not known are passed over. Throws UNREADABLE when it is cut
 * off, when a number is none, and when two maps bear the same name: nothing could tell their files apart.
 */
export async function readStudyXml(xml: XmlFile): Promise<StudyXml> {
  const reader = new StudyXmlReader();
  await parseXml(xml, reader);
  const study = reader.result();
  if (study.maps.length > maxMaps) {
    throw tooMany('maps', maxMaps);
  }
  const names = new Set(study.maps.map((map) => map.name.normalize('NFC')));
  if (names.size !== study.maps.length) {
    throw new CartoError('UNREADABLE', 'two maps of the study have the same name', {
      kind: xml.kind,
      hint: 'Rename one of the maps on the workstation and export the study again.',
    });
  }
  return study;
}

/** Far beyond any study: each file's name is compared with each map's. */
const maxMaps = 1000;
/** Each is held in memory. */
const maxPoints = 1_000_000;

function tooMany(what: string, limit: number): CartoError {
  return new CartoError('TOO_LARGE', `the study has more than ${limit} ${what}`, {
    kind: 'study',
    hint: beyondAnyStudy,
  });
}

/** While it is read: writable, and with lists that grow. */
type Growing<T, Lists extends keyof T> = {
  -readonly [K in keyof T]: K extends Lists ? (T[K] extends readonly (infer E)[] ? E[] : T[K]) : T[K];
};
type GrowingStudy = Growing<
  Omit<StudyXml, 'displayTables' | 'shells' | 'mismatches'>,
  'colorings' | 'tags' | 'maps'
> & {
  readonly displayTables: Map<string, SettingsBlock>;
  readonly shells: GrowingShell[];
};
type GrowingShell = Growing<ShellXml, 'landmarksMm'>;
type GrowingMap = Growing<MapXml, 'coloringRanges' | 'cutouts' | 'points'>;
type GrowingPoint = Growing<PointXml, 'tagIds'>;

class StudyXmlReader {
  readonly #study: GrowingStudy = {
    name: '',
    colorings: [],
    tags: [],
    maps: [],
    shells: [],
    displayTables: new Map(),
    oddUnits: 0,
  };
  #map: GrowingMap | undefined;
  #point: GrowingPoint | undefined;
  #points = 0;
  #landmarks: Vector3[] | undefined;
  readonly #counts = new ListCounts();
  /** The element whose text is being waited for. */
  #element = '';

  result(): StudyXml {
    return { ...this.#study, mismatches: this.#counts.mismatches };
  }

  open(name: string, fields: Fields): void {
    this.#element = name;
    this.#counts.enter(name, fields);
    if (this.#landmarks) this.#addLandmark(Object.values(fields.all));
    else if (this.#map) this.#openInMap(this.#map, name, fields);
    else this.#openInStudy(name, fields);
  }

  close(name: string): void {
    this.#element = '';
    if (name === 'Map') this.#map = undefined;
    if (name === 'Point') this.#point = undefined;
    if (name === 'LandMarks') this.#landmarks = undefined;
    this.#counts.leave(name);
  }

  /** How a landmark is written is not documented: three numbers in an attribute or a text are one. */
  #addLandmark(texts: readonly string[]): void {
    for (const text of texts) {
      const landmark = vectorIn(text);
      if (landmark) this.#landmarks?.push(landmark);
    }
  }

  text(text: string, line: number): void {
    if (this.#element === 'Tags' && this.#point) for (const id of numbers(text, line)) this.#point.tagIds.push(id);
    if (this.#element === 'LINE_LOOP' && this.#map) this.#map.cutouts.push(Float64Array.from(numbers(text, line)));
    if (this.#landmarks) this.#addLandmark([text]);
    if (this.#element === 'RegistrationMatrix') this.#study.registration = numbers(text, line);
  }

  #openInStudy(name: string, fields: Fields): void {
    const study = this.#study;
    if (name === 'Study') study.name = fields.requiredText('name');
    if (name === 'Coloring') study.colorings.push(coloringOf(fields));
    if (name === 'Tag') study.tags.push(tagOf(fields));
    if (name === 'Mesh') {
      study.shells.push({ fileName: fields.requiredText('FileName'), visible: isTrue(fields), landmarksMm: [] });
    }
    if (name === 'LandMarks') this.#landmarks = study.shells.at(-1)?.landmarksMm;
    if (name === 'Units' && !areUsual(fields)) study.oddUnits++;
    if (name === 'RegistrationData') study.registrationData = settingsOf(fields);
    if (displayTables.has(name)) study.displayTables.set(name, settingsOf(fields));
    if (name === 'Map') {
      this.#map = mapOf(fields);
      study.maps.push(this.#map);
    }
  }

  #openInMap(map: GrowingMap, name: string, fields: Fields): void {
    if (name === 'ColoringRange') {
      const [min, max] = [fields.number('Min'), fields.number('Max')];
      // Min 99999 and Max -99999: the coloring has no data.
      if (min <= max) map.coloringRanges.push({ coloringId: fields.number('Id'), min, max });
    }
    if (name === 'Point') {
      if (++this.#points > maxPoints) throw tooMany('points', maxPoints);
      this.#point = pointOf(fields);
      map.points.push(this.#point);
    }
    if (name === 'VirtualPoint' && this.#point) this.#point.projectedMm = fields.vector('Position3D');
    if (name === 'RefAnnotationConfig') {
      map.reference = defined({
        algorithm: fields.number('Algorithm'),
        channel: fields.measured('Channel'),
        connector: fields.text('Connector'),
      });
    }
  }
}

const displayTables: ReadonlySet<string> = new Set(['SurfaceErrorTable', 'PasoTable', 'CFAEColoringTable']);

/** How the workstation writes that a threshold was never set. */
const unset = '2147483647';

function settingsOf(fields: Fields): SettingsBlock {
  return new Map(Object.entries(fields.all).filter(([, value]) => value.trim() !== unset));
}

function areUsual(fields: Fields): boolean {
  return (fields.text('Distance') ?? 'mm') === 'mm' && (fields.text('Angle') ?? 'radian') === 'radian';
}

function coloringOf(fields: Fields): Coloring {
  return { id: fields.number('Id'), name: fields.requiredText('Name'), units: fields.text('Units')?.trim() ?? '' };
}

function tagOf(fields: Fields): Tag {
  return {
    id: fields.number('ID'),
    shortName: fields.text('Short_Name') ?? '',
    fullName: fields.text('Full_Name') ?? '',
    color: numbersIn(fields.text('Color') ?? '') ?? [],
    radiusMm: fields.measured('Radius') ?? 0,
  };
}

function mapOf(fields: Fields): GrowingMap {
  return {
    ...defined({ volumeMl: present(fields.measured('Volume')) }),
    name: fields.requiredText('Name'),
    index: fields.number('Index'),
    visible: isTrue(fields),
    meshFiles: meshFileNames(fields.text('FileNames') ?? ''),
    coloringRanges: [],
    reference: { algorithm: -1 },
    cutouts: [],
    points: [],
  };
}

function pointOf(fields: Fields): GrowingPoint {
  return {
    ...defined({ catheterId: fields.text('Cath_Id') === undefined ? undefined : fields.number('Cath_Id') }),
    id: fields.number('Id'),
    positionMm: fields.vector('Position3D'),
    orientationRad: fields.vector('CathOrientation'),
    tagIds: [],
  };
}

/** One name, or several behind each other; names hold blanks, so only the suffix tells where one ends. */
export function meshFileNames(text: string): string[] {
  return text
    .split(/(?<=\.mesh)[;,\s]+/i)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function isTrue(fields: Fields): boolean {
  return fields.text('Visible') === 'true';
}

function numbers(text: string, line: number): number[] {
  const found = numbersIn(text);
  if (!found) throw new CartoError('UNREADABLE', 'a list of numbers holds something else', { kind: 'study', line });
  return found;
}
