import type { Checkpoint } from '../../core/gate-flag.ts';
import { filesLeftOut } from '../left-out.ts';
import type { Source, SourceFile } from '../source.ts';
import type { CarRow, MapPoint, Mesh, Study, StudyMap } from '../study.ts';
import { entriesOf, type Survey, surveyExport } from '../survey.ts';
import { Warnings } from '../warnings.ts';
import { readApplications } from './applications.ts';
import { readCar } from './car.ts';
import { defined } from './fields.ts';
import { readMesh } from './mesh.ts';
import { Recordings } from './recordings.ts';
import type { MapXml, PointXml } from './study-xml.ts';
import { readVisiTag } from './visitag.ts';

/**
 * Reads an export into a `Study`. Signals (ECG, force, tracks) and the largest VisiTag tables load on call, the rest is
 * in it. What is referred to but was not exported, and what is not known, is a warning; a damaged file that matters
 * ends with a CartoError. `checkpoint` is awaited before every piece that is read, also when something loads later.
 */
export async function readStudy(source: Source, checkpoint: Checkpoint): Promise<Study> {
  const survey = await surveyExport(source, checkpoint);
  return new StudyReader(source, survey, checkpoint).read();
}

class StudyReader {
  readonly #source: Source;
  readonly #survey: Survey;
  readonly #checkpoint: Checkpoint;
  readonly #warnings = new Warnings();
  readonly #recordings: Recordings;

  constructor(source: Source, survey: Survey, checkpoint: Checkpoint) {
    this.#source = source;
    this.#survey = survey;
    this.#checkpoint = checkpoint;
    this.#recordings = new Recordings({ survey, checkpoint, warnings: this.#warnings });
  }

  async read(): Promise<Study> {
    const { name, colorings, tags, registration } = this.#survey.study;
    return {
      ...defined({ registration, visiTag: await readVisiTag(this.#survey, this.#checkpoint) }),
      name,
      colorings,
      tags,
      maps: await this.#maps(),
      shells: await this.#shells(),
      applications: await readApplications(this.#survey, this.#checkpoint),
      leftOut: filesLeftOut(this.#source, this.#survey),
      warnings: this.#warnings.list(),
    };
  }

  async #maps(): Promise<StudyMap[]> {
    const maps: StudyMap[] = [];
    for (const map of this.#survey.study.maps) maps.push(await this.#map(map));
    return maps;
  }

  async #map({ meshFiles, points, ...map }: MapXml): Promise<StudyMap> {
    const mesh = await this.#mesh(map.name, meshFiles.length > 0);
    return {
      ...map,
      ...defined({ mesh }),
      car: await this.#car(map.name),
      points: await this.#points(map.name, points),
    };
  }

  async #mesh(map: string, expected: boolean): Promise<Mesh | undefined> {
    const entry = entriesOf(this.#survey, 'mesh').find(({ identity }) => identity.map === map && identity.part === 0);
    if (!entry && expected) this.#warnings.add('missing-file', 'mesh');
    return entry && readMesh(entry.file, this.#checkpoint);
  }

  async #car(map: string): Promise<ReadonlyMap<number, CarRow>> {
    const entry = entriesOf(this.#survey, 'car').find(({ identity }) => identity.map === map);
    if (!entry) this.#warnings.add('missing-file', 'car');
    const rows = entry && (await readCar(entry.file, this.#checkpoint));
    if (entry && !rows) this.#warnings.add('unrecognised', 'car');
    return rows ?? new Map();
  }

  async #points(map: string, points: readonly PointXml[]): Promise<MapPoint[]> {
    const files = await this.#recordings.filesOf(map);
    if (files.size !== points.length) this.#warnings.add('count-mismatch', 'point');
    const found: MapPoint[] = [];
    for (const point of points) found.push(await this.#point(point, files.get(point.id)));
    return found;
  }

  async #point(point: PointXml, file: SourceFile | undefined): Promise<MapPoint> {
    return file ? { ...point, recording: await this.#recordings.read(file) } : point;
  }

  async #shells(): Promise<Study['shells']> {
    const shells: Study['shells'][number][] = [];
    for (const shell of this.#survey.study.shells) {
      const name = shell.fileName.normalize('NFC');
      const entry = entriesOf(this.#survey, 'shell').find(({ identity }) => identity.name === name);
      if (!entry) this.#warnings.add('missing-file', 'shell');
      shells.push({ ...shell, ...defined({ mesh: entry && (await readMesh(entry.file, this.#checkpoint)) }) });
    }
    return shells;
  }
}
