import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { eachEcg } from '../read/each-ecg.ts';
import type { Study } from '../study.ts';
import { LesionCheck } from './check-lesion.ts';
import { checkPointTables, checkVoltages } from './check-point.ts';
import { checkMapSurface, checkSurface } from './check-surface.ts';
import type { CheckResult } from './result.ts';

export interface CheckOptions {
  /** Reads every ECG once, one after the other, to recompute voltages. Default true. */
  readonly signals?: boolean;
}

/** What was checked, in the order of the study. */
export interface CheckReport {
  readonly results: readonly CheckResult[];
}

/**
 * Checks a study against itself: what the export states beside what its own recordings give. Reads all signals once, and
 * holds one file of them at a time. Never fails because of what is in the study; rejects when the source or the
 * checkpoint does.
 */
export async function checkStudy(
  study: Study,
  checkpoint: Checkpoint,
  { signals = true }: CheckOptions = {},
): Promise<CheckReport> {
  const results: CheckResult[] = [];
  for (const [at, map] of study.maps.entries()) {
    await checkpoint();
    for (const result of checkMapSurface(map, { kind: 'map', map: at + 1 })) results.push(result);
    for (const [n, point] of map.points.entries()) {
      const subject = { kind: 'point', map: at + 1, point: n + 1 } as const;
      for (const result of checkPointTables(point, map.car.get(point.id), subject)) results.push(result);
    }
  }
  for (const [at, { mesh }] of study.shells.entries()) {
    await checkpoint();
    if (mesh) for (const result of checkSurface(mesh, { kind: 'shell', shell: at + 1 })) results.push(result);
  }
  if (signals) for await (const result of voltages(study, checkpoint)) results.push(result);
  for await (const result of lesions(study, checkpoint)) results.push(result);
  return { results };
}

async function* voltages(study: Study, checkpoint: Checkpoint): AsyncGenerator<CheckResult> {
  for (const { load, points } of eachEcg(study)) {
    await checkpoint();
    const ecg = await load().catch((error: unknown) => {
      if (error instanceof CartoError) return undefined;
      throw error;
    });
    for (const { map, point, recording } of points) {
      yield* checkVoltages(recording, ecg, { kind: 'point', map: map + 1, point: point + 1 });
    }
  }
}

async function* lesions({ visiTag }: Study, checkpoint: Checkpoint): AsyncGenerator<CheckResult> {
  if (!visiTag) return;
  const check = new LesionCheck(visiTag);
  for (const [at, site] of visiTag.sites.entries()) {
    await checkpoint();
    yield* check.check(site, at + 1);
  }
}
