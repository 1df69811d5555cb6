import type { Checkpoint } from '../../core/gate-flag.ts';
import type { SourceFile } from '../source.ts';
import type { PointRecording, TrackFile } from '../study.ts';
import { entriesOf, type Survey } from '../survey.ts';
import type { Warnings } from '../warnings.ts';
import { readContactForce } from './contact-force.ts';
import { readEcg } from './ecg.ts';
import { type PointXmlFile, readPoint } from './point.ts';
import { readPointsIndex } from './points-index.ts';
import { readTable } from './table.ts';

/** Finds the recordings of a map's points, and reads what is small; signals load on call. */
export class Recordings {
  readonly #survey: Survey;
  readonly #checkpoint: Checkpoint;
  readonly #warnings: Warnings;
  readonly #byPath: ReadonlyMap<string, SourceFile>;

  constructor(deps: { readonly survey: Survey; readonly checkpoint: Checkpoint; readonly warnings: Warnings }) {
    this.#survey = deps.survey;
    this.#checkpoint = deps.checkpoint;
    this.#warnings = deps.warnings;
    this.#byPath = new Map(deps.survey.entries.map(({ path, file }) => [path, file]));
  }

  /** The points' own files by point id: as the map's index says, or by their names where there is no index. */
  async filesOf(map: string): Promise<Map<number, SourceFile>> {
    const index = entriesOf(this.#survey, 'points-index').find(({ identity }) => identity.map === map);
    const files = new Map<number, SourceFile>();
    for (const { file, identity } of entriesOf(this.#survey, 'point')) {
      if (identity.map === map) files.set(Number(identity.key.point), file);
    }
    if (!index) {
      this.#warnings.add('missing-file', 'points-index');
      return files;
    }
    for (const { id, fileName } of (await readPointsIndex(index.file, this.#checkpoint)).points) {
      const file = this.#find(fileName, 'point');
      if (file) files.set(id, file);
    }
    return files;
  }

  async read(file: SourceFile): Promise<PointRecording> {
    const { ecgFile, contactForceFile, trackFiles, ...point } = await readPoint(file, this.#checkpoint);
    const ecg = ecgFile === undefined ? undefined : this.#find(ecgFile, 'ecg');
    const force = contactForceFile === undefined ? undefined : this.#find(contactForceFile, 'contact-force');
    return {
      ...point,
      loadEcg: async () => ecg && readEcg(ecg, this.#checkpoint),
      loadContactForce: async () => force && readContactForce(force, this.#checkpoint),
      tracks: trackFiles.map((track) => this.#track(track)),
    };
  }

  #track({ connector, fileName }: PointXmlFile['trackFiles'][number]): TrackFile {
    const of = /Sensor_Positions/i.test(fileName) ? 'sensor' : 'electrodes';
    const kind = of === 'sensor' ? 'sensor-positions' : 'electrode-positions';
    const file = this.#find(fileName, kind);
    const required = ['Time', 'X', 'Y', 'Z'];
    const checkpoint = this.#checkpoint;
    return {
      connector,
      of,
      onAnnotation: /_OnAnnotation/i.test(fileName),
      load: async () => file && readTable({ file, kind, checkpoint, style: 'tabs', skipLines: 1, required }),
    };
  }

  #find(name: string, kind: string): SourceFile | undefined {
    const file = this.#byPath.get(name.normalize('NFC'));
    if (!file) this.#warnings.add('missing-file', kind);
    return file;
  }
}
