import type { Checkpoint } from '../../core/gate-flag.ts';
import { filesLeftOut } from '../left-out.ts';
import type { Source, SourceFile } from '../source.ts';
import type { CarRow, MapPoint, Mesh, Study, StudyMap } from '../study.ts';
import { entriesOf, surveyExport } from '../survey.ts';
import { Warnings } from '../warnings.ts';
import { readApplications } from './applications.ts';
import { readCar } from './car.ts';
import { defined } from './fields.ts';
import { readMesh } from './mesh.ts';
import { markScores } from './pace-score.ts';
import { readPaceMapping } from './paso.ts';
import { Reading } from './reading.ts';
import { Recordings } from './recordings.ts';
import type { MapXml, PointXml } from './study-xml.ts';
import { readVisiTag } from './visitag.ts';

export interface ReadStudyOptions {
  /** A damaged file ends the reading, instead of being left out and told of in `damaged`. */
  readonly stopAtDamage?: boolean;
}

/**
 * Reads an export into a `Study`. Signals (ECG, force, tracks) and the largest VisiTag tables load on call, the rest is
 * in it. What is referred to but was not exported, what is not known and what is damaged is told of, and the next file
 * goes on; only a source without a readable study XML ends with a CartoError. `checkpoint` is awaited before every piece
 * that is read, also when something loads later.
 */
export async function readStudy(
  source: Source,
  checkpoint: Checkpoint,
  { stopAtDamage = false }: ReadStudyOptions = {},
): Promise<Study> {
  const survey = await surveyExport(source, checkpoint);
  const reading = new Reading({ survey, checkpoint, warnings: new Warnings(), stopAtDamage });
  return new StudyReader(source, reading).read();
}

/** What every map has: one without it was exported by half. */
const wholeMap: ReadonlySet<string> = new Set(['mesh', 'car', 'points-index', 'point']);

class StudyReader {
  readonly #source: Source;
  readonly #reading: Reading;
  readonly #recordings: Recordings;

  constructor(source: Source, reading: Reading) {
    this.#source = source;
    this.#reading = reading;
    this.#recordings = new Recordings(reading);
  }

  async read(): Promise<Study> {
    const { survey, warnings, damaged } = this.#reading;
    const { name, colorings, tags, registration, registrationData, displayTables, mismatches, oddUnits } = survey.study;
    if (mismatches > 0) warnings.add('count-mismatch', 'study', mismatches);
    if (oddUnits > 0) warnings.add('odd-value', 'study', oddUnits);
    return {
      ...defined({
        registration,
        registrationData,
        visiTag: await readVisiTag(this.#reading),
        paceMapping: await readPaceMapping(this.#reading),
      }),
      name,
      colorings,
      tags,
      displayTables,
      maps: await this.#maps(),
      shells: await this.#shells(),
      applications: await readApplications(this.#reading),
      leftOut: filesLeftOut(this.#source, survey),
      warnings: warnings.list(),
      damaged,
    };
  }

  async #maps(): Promise<StudyMap[]> {
    const maps: StudyMap[] = [];
    for (const map of this.#reading.survey.study.maps) maps.push(await this.#map(map));
    return maps;
  }

  async #map({ meshFiles, points, ...map }: MapXml): Promise<StudyMap> {
    const missingBefore = this.#reading.warnings.countOf('missing-file', wholeMap);
    const [mesh, ...furtherMeshes] = await this.#meshes(map.name, meshFiles.length);
    const read = {
      ...map,
      ...defined({ mesh }),
      furtherMeshes,
      car: await this.#car(map.name),
      points: await this.#points(map.name, points),
    };
    if (this.#reading.warnings.countOf('missing-file', wholeMap) > missingBefore) {
      this.#reading.warnings.add('incomplete-map', 'study');
    }
    return read;
  }

  async #meshes(map: string, expected: number): Promise<Mesh[]> {
    const { survey, warnings } = this.#reading;
    const entries = entriesOf(survey, 'mesh')
      .filter(({ identity }) => identity.map === map)
      .sort((a, b) => a.identity.part - b.identity.part);
    if (entries.length < expected) warnings.add('missing-file', 'mesh', expected - entries.length);
    const meshes: Mesh[] = [];
    for (const { file } of entries) {
      const mesh = await this.#mesh(file, 'mesh');
      if (mesh) meshes.push(markScores(mesh, survey));
    }
    return meshes;
  }

  #mesh(file: SourceFile, kind: string): Promise<Mesh | undefined> {
    return this.#reading.attempt(kind, () => readMesh(file, this.#reading.checkpoint));
  }

  async #car(map: string): Promise<ReadonlyMap<number, CarRow>> {
    const { survey, warnings, checkpoint } = this.#reading;
    const entry = entriesOf(survey, 'car').find(({ identity }) => identity.map === map);
    if (!entry) {
      warnings.add('missing-file', 'car');
      return new Map();
    }
    const read = await this.#reading.attempt('car', async () => ({ rows: await readCar(entry.file, checkpoint) }));
    if (read && !read.rows) warnings.add('unrecognised', 'car');
    return read?.rows ?? new Map();
  }

  async #points(map: string, points: readonly PointXml[]): Promise<MapPoint[]> {
    const files = await this.#recordings.filesOf(map);
    if (files.size !== points.length) this.#reading.warnings.add('count-mismatch', 'point');
    const found: MapPoint[] = [];
    for (const point of points) found.push(await this.#point(point, files.get(point.id)));
    return found;
  }

  async #point(point: PointXml, file: SourceFile | undefined): Promise<MapPoint> {
    const recording = file && (await this.#recordings.read(file));
    return recording ? { ...point, recording } : point;
  }

  async #shells(): Promise<Study['shells']> {
    const { survey, warnings } = this.#reading;
    const shells: Study['shells'][number][] = [];
    for (const shell of survey.study.shells) {
      const name = shell.fileName.normalize('NFC');
      const entry = entriesOf(survey, 'shell').find(({ identity }) => identity.name === name);
      if (!entry) warnings.add('missing-file', 'shell');
      shells.push({ ...shell, ...defined({ mesh: entry && (await this.#mesh(entry.file, 'shell')) }) });
    }
    return shells;
  }
}
