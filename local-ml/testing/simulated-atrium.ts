import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openSource,
  readStudy,
  type SimulateOptions,
  type Study,
  type StudyTruth,
  simulateStudy,
} from '../../carto/index.ts';
import { passAlways } from '../../core/gate-flag.ts';
import { labelNumber, type RegionLabel } from '../anatomy/anatomy.ts';
import { lpsOf, surfaceOf } from '../mesh/surface.ts';
import { type SoundSurface, validate } from '../mesh/validate.ts';
import { across, distance, dot, length, subtract, type Vector3, vectorAt } from '../mesh/vector.ts';

export interface SimulatedAtrium {
  readonly study: Study;
  readonly truth: StudyTruth;
  readonly surface: SoundSurface;
  /** By the simulator's own veins, valve and appendage, not by a model. */
  readonly labels: Uint8Array;
}

/** A study from the simulator, read back through the door of `carto/`, with labels from what the simulator knows. */
export async function simulatedAtrium(options: Omit<SimulateOptions, 'folder' | 'truth'>): Promise<SimulatedAtrium> {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-atrium-'));
  const truthFile = `${folder}.truth.json`;
  try {
    const made = await simulateStudy({ points: 0, ...options, folder, truth: truthFile });
    const source = await openSource(made.folder, passAlways, {});
    const study = await readStudy(source, passAlways);
    await source.close?.();
    const truth = JSON.parse(readFileSync(truthFile, 'utf8')) as StudyTruth;
    const found = validate(surfaceOf(study.maps[0]!.mesh!));
    if ('flaw' in found) throw new Error(`the simulated surface is ${found.flaw}`);
    return { study, truth, surface: found.sound, labels: trueLabels(found.sound, truth) };
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(truthFile, { force: true });
  }
}

function trueLabels({ positionsMm }: SoundSurface, truth: StudyTruth): Uint8Array {
  const lps = (place: Vector3) => lpsOf(...place);
  const veins = truth.vessels
    .map(({ name, ostium, direction, radiusMm }) => ({
      label: labelNumber[(name === 'RMPV' ? 'RIPV' : name) as RegionLabel],
      ...{ ostium: lps(ostium), direction: lps(direction), radiusMm },
    }))
    .filter(({ label }) => label !== undefined);
  const [valve, facing] = [lps(truth.valve.centre), lps(truth.valve.normal)];
  const tip = truth.appendage && lps(truth.appendage);
  return new Uint8Array(positionsMm.length / 3).map((_, at) => {
    const place = vectorAt(positionsMm, at);
    if (tip && distance(place, tip) < 14) return labelNumber.LAA;
    if (Math.abs(dot(subtract(place, valve), facing)) < 1.5 && distance(place, valve) < 20) return labelNumber.MV;
    const inside = veins.filter(({ ostium, direction, radiusMm }) => {
      const off = subtract(place, ostium);
      return dot(off, direction) > 0 && length(across(off, direction)) < 2.2 * radiusMm;
    });
    inside.sort((a, b) => distance(place, a.ostium) - distance(place, b.ostium));
    return inside[0]?.label ?? labelNumber.BODY;
  });
}
