import type { Ecg, PointRecording, Study } from '../study.ts';

/** An ECG file of a study, and the points that were recorded in it (places in the study, from 0). */
export interface EcgOfPoints {
  readonly points: readonly { readonly map: number; readonly point: number; readonly recording: PointRecording }[];
  /** Reads the file. Let go of what it gives before the next one is loaded, and memory holds one at a time. */
  load(): Promise<Ecg | undefined>;
}

/** Every ECG file once, by its first point; points without one come each alone, and load nothing. */
export function* eachEcg(study: Study): Generator<EcgOfPoints> {
  const files = new Map<number, EcgOfPoints['points'][number][]>();
  const without: EcgOfPoints['points'][number][] = [];
  for (const [map, { points }] of study.maps.entries()) {
    for (const [point, { recording }] of points.entries()) {
      if (!recording) continue;
      const one = { map, point, recording };
      const shared = recording.ecgFile === undefined ? without : files.get(recording.ecgFile);
      if (shared) shared.push(one);
      else if (recording.ecgFile !== undefined) files.set(recording.ecgFile, [one]);
    }
  }
  for (const points of files.values()) {
    yield { points, load: async () => points[0]?.recording.loadEcg() };
  }
  for (const point of without) yield { points: [point], load: async () => undefined };
}
