import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { randomOf } from './random.ts';
import { SimulatorError } from './simulator-error.ts';
import type { SimulatedStudy } from './study.ts';

/** A procedure played in time, as seen from outside: a recorder's folder that grows while it lasts. */
export interface LiveOptions {
  /** The recorder's folder (never an inbox). Created when missing. */
  readonly folder: string;
  /** Seconds of the procedure in one second; default 60. */
  readonly speed?: number;
}

const beforeMs = 60_000;
/** From the last lesion to the moment at which the study has been reviewed and is exported. */
const reviewMs = 300_000;
const bytesPerS = 8_000;
const leastWaitMs = 50;

/**
 * Plays a study up to its export. The folder holds one growing file, as a recorder writes one; it stops growing at the
 * last lesion, and the export is made after the review. Throws `BAD_OPTION` for a speed that is none.
 */
export async function playProcedure(
  study: SimulatedStudy,
  { folder, speed = 60 }: LiveOptions,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  if (!(speed > 0 && speed <= 100_000)) {
    throw new SimulatorError('BAD_OPTION', 'expected speed above 0 and up to 100000, found another', {
      hint: '60 plays an hour in a minute.',
    });
  }
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'recording-1.dat');
  const random = randomOf(study.seed, 'recorder');
  const startMs = (study.maps[0]!.points[0]?.recording.startMs ?? study.applications[0]!.startMs) - beforeMs;
  const endMs = study.applications.at(-1)!.endMs;
  const stepMs = Math.max(1000, leastWaitMs * speed);
  for (let at = startMs; at < endMs; at += stepMs) {
    const bytes = Buffer.alloc(Math.round((stepMs * bytesPerS) / 1000), Math.floor(random.between(1, 255)));
    await appendFile(file, bytes);
    await clock.sleep(stepMs / speed, signal);
  }
  await clock.sleep(reviewMs / speed, signal);
}
