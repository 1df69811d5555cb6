import type { SourceFile } from '../source.ts';
import type { PointRecording, TrackFile } from '../study.ts';
import { entriesOf } from '../survey.ts';
import { readContactForce } from './contact-force.ts';
import { EcgLoader } from './ecg-loader.ts';
import { withElectrodes } from './electrodes.ts';
import { type PointXmlFile, readPoint } from './point.ts';
import { type PointsIndex, readPointsIndex } from './points-index.ts';
import type { Reading } from './reading.ts';
import { readTable } from './table.ts';

/** Finds the recordings of a map's points, and reads what is small; signals load on call. */
export class Recordings {
  readonly #reading: Reading;
  readonly #ecgs: EcgLoader;
  readonly #byPath: ReadonlyMap<string, SourceFile>;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#ecgs = new EcgLoader(reading.checkpoint);
    this.#byPath = new Map(reading.survey.entries.map(({ path, file }) => [path, file]));
  }

  /** The points' own files by point id: as the map's index says, or by their names where there is no index. */
  async filesOf(map: string): Promise<Map<number, SourceFile>> {
    const files = new Map<number, SourceFile>();
    for (const { file, identity } of entriesOf(this.#reading.survey, 'point')) {
      if (identity.map === map) files.set(Number(identity.key.point), file);
    }
    for (const { id, fileName } of (await this.#indexOf(map))?.points ?? []) {
      const file = this.#find(fileName, 'point');
      if (file) files.set(id, file);
    }
    return files;
  }

  async #indexOf(map: string): Promise<PointsIndex | undefined> {
    const { survey, warnings, checkpoint } = this.#reading;
    const index = entriesOf(survey, 'points-index').find(({ identity }) => identity.map === map);
    if (!index) warnings.add('missing-file', 'points-index');
    return index && this.#reading.attempt('points-index', () => readPointsIndex(index.file, checkpoint));
  }

  /** Undefined when the file is damaged. */
  async read(file: SourceFile): Promise<PointRecording | undefined> {
    const { checkpoint } = this.#reading;
    const read = await this.#reading.attempt('point', () => readPoint(file, checkpoint));
    if (!read) return undefined;
    const { ecgFileName, contactForceFile, trackFiles, ...point } = read;
    const ecg = ecgFileName === undefined ? undefined : this.#find(ecgFileName, 'ecg');
    const force = contactForceFile === undefined ? undefined : this.#find(contactForceFile, 'contact-force');
    return {
      ...point,
      ...(ecg ? { ecgFile: this.#ecgs.ordinalOf(ecg) } : {}),
      loadEcg: async () => ecg && this.#ecgs.load(ecg),
      loadContactForce: async () => force && readContactForce(force, checkpoint),
      tracks: trackFiles.map((track) => this.#track(track)),
    };
  }

  #track({ connector, fileName }: PointXmlFile['trackFiles'][number]): TrackFile {
    const of = /Sensor_Positions/i.test(fileName) ? 'sensor' : 'electrodes';
    const kind = of === 'sensor' ? 'sensor-positions' : 'electrode-positions';
    const file = this.#find(fileName, kind);
    const required = ['Time', 'X', 'Y', 'Z'];
    const { checkpoint } = this.#reading;
    return {
      connector,
      of,
      onAnnotation: /_OnAnnotation/i.test(fileName),
      load: async () =>
        file && withElectrodes(await readTable({ file, kind, checkpoint, style: 'tabs', skipLines: 1, required })),
    };
  }

  #find(name: string, kind: string): SourceFile | undefined {
    const file = this.#byPath.get(name.normalize('NFC'));
    if (!file) this.#reading.warnings.add('missing-file', kind);
    return file;
  }
}
