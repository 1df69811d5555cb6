import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import { exportFiles, exportName } from './export-files.ts';
import type { PlannedGap } from './lesions.ts';
import { SimulatorError } from './simulator-error.ts';
import { makeStudy, type SimulatedStudy, type StudyOptions } from './study.ts';

export interface SimulateOptions extends StudyOptions {
  /** Where the export's folder is made, as in an inbox. Created when missing. */
  readonly folder: string;
  /**
   * True: the export grows in a folder of its own beside `folder` (or in `staging`) and appears under its name complete, by
   * one rename. False (default): it grows in place, file by file, as a real export does.
   */
  readonly atomic?: boolean;
  /** With `atomic`: where it grows; must be on the same file system. */
  readonly staging?: string;
  /** Waits this long after each file. */
  readonly paceMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

export interface SimulatedExport {
  /** The export's own folder. */
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly counts: { readonly maps: number; readonly points: number; readonly lesions: number };
  /** The hole left by `ablationGapMm`: what a gap finder should find. */
  readonly gap?: PlannedGap;
}

/**
 * Writes a complete CARTO 3 export of a made-up left atrial study: no patient, plainly synthetic names. The same options
 * give the same bytes under the same names. Plain writes, not durable ones. Throws `SimulatorError` (`BAD_OPTION`,
 * `BAD_NAME`, `EXISTS`), or what the file system throws; a half-written export is left in place unless `atomic`.
 */
export async function simulateStudy(options: SimulateOptions): Promise<SimulatedExport> {
  const study = makeStudy(options);
  const target = join(options.folder, exportName(study));
  await mkdir(options.folder, { recursive: true });
  const written = options.atomic
    ? await writeAside(study, target, options)
    : await writeInto(study, await makeNew(target), options);
  return {
    folder: target,
    ...written,
    counts: {
      maps: study.maps.length,
      points: study.maps.reduce((sum, map) => sum + map.points.length, 0),
      lesions: study.applications.reduce((sum, application) => sum + application.sites.length, 0),
    },
    ...(study.gap ? { gap: study.gap } : {}),
  };
}

type Written = Pick<SimulatedExport, 'files' | 'bytes'>;

async function writeAside(study: SimulatedStudy, target: string, options: SimulateOptions): Promise<Written> {
  const home = options.staging ?? dirname(resolve(options.folder));
  const workshop = await mkdtemp(join(home, '.simulating-'));
  try {
    const written = await writeInto(study, await makeNew(join(workshop, 'export')), options);
    await rename(join(workshop, 'export'), target).catch((cause: unknown) => refuseExisting(cause));
    return written;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function writeInto(study: SimulatedStudy, folder: string, options: SimulateOptions): Promise<Written> {
  const { clock = systemClock, paceMs = 0, signal } = options;
  let files = 0;
  let bytes = 0;
  for (const [path, content] of exportFiles(study)) {
    signal?.throwIfAborted();
    const place = join(folder, path);
    if (path.includes('/')) await mkdir(dirname(place), { recursive: true });
    await writeFile(place, content);
    files += 1;
    bytes += content.length;
    if (paceMs > 0) await clock.sleep(paceMs, signal);
  }
  return { files, bytes };
}

async function makeNew(folder: string): Promise<string> {
  await mkdir(folder).catch((cause: unknown) => refuseExisting(cause));
  return folder;
}

function refuseExisting(cause: unknown): never {
  if (!['EEXIST', 'ENOTEMPTY'].includes(codeOf(cause) ?? '')) throw cause;
  throw new SimulatorError('EXISTS', 'expected no export of this name in the folder, found one', {
    hint: 'Use another seed or another folder, or remove the earlier export.',
    cause,
  });
}
