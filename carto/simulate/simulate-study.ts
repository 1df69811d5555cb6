import { mkdir, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import { checkContainer, containerName, type PackOptions, packExport } from './container.ts';
import { type ExportFile, exportFiles, exportName } from './export-files.ts';
import type { PlannedGap } from './lesions.ts';
import { type LiveOptions, playProcedure } from './live.ts';
import type { StudyOptions } from './options.ts';
import { SimulatorError } from './simulator-error.ts';
import { makeStudy, type SimulatedStudy } from './study.ts';
import { truthOf } from './truth.ts';

export interface SimulateOptions extends StudyOptions, PackOptions {
  /** Where the export is made, as in an inbox. Created when missing. */
  readonly folder: string;
  /**
   * True: the export grows in a folder of its own beside `folder` (or in `staging`) and appears under its name complete, by
   * one rename. False (default): it grows in place, file by file, as a real export does. Containers are always made so.
   */
  readonly atomic?: boolean;
  /** With `atomic`: where it grows; must be on the same file system. */
  readonly staging?: string;
  /** Waits this long after each file. */
  readonly paceMs?: number;
  /** First plays the procedure: a recorder's folder grows for as long as the study took. */
  readonly live?: LiveOptions;
  /** A file outside the export that tells what is true of the study (`StudyTruth` as JSON). */
  readonly truth?: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

export interface SimulatedExport {
  /** The export's own folder, or its container. */
  readonly folder: string;
  readonly files: number;
  /** Of all files, before they are packed. */
  readonly bytes: number;
  readonly counts: { readonly maps: number; readonly points: number; readonly lesions: number };
  /** The hole left by `ablationGapMm`: what a gap finder should find. */
  readonly gap?: PlannedGap;
}

/**
 * Writes a complete CARTO 3 export of a made-up study: no patient, plainly synthetic names. The same options give the
 * same bytes under the same names. Plain writes, not durable ones; memory is bounded by the largest table, not by the
 * study. Throws `SimulatorError` (`BAD_OPTION`, `BAD_NAME`, `EXISTS`, `NOT_PACKED`), or what the file system throws; a
 * half-written export is left in place unless `atomic`.
 */
export async function simulateStudy(options: SimulateOptions): Promise<SimulatedExport> {
  checkContainer(options);
  const study = makeStudy(options);
  const target = join(options.folder, containerName(exportName(study), study.stamp, options));
  if (options.truth !== undefined) checkOutside(options.truth, target);
  await mkdir(options.folder, { recursive: true });
  if (options.live) await playProcedure(study, options.live, options.clock ?? systemClock, options.signal);
  const aside = options.atomic || (options.container ?? 'folder') !== 'folder';
  const written = aside
    ? await writeAside(study, target, options)
    : await writeInto(study, await makeNew(target), options);
  if (options.truth !== undefined) await writeFile(options.truth, `${JSON.stringify(truthOf(study), null, 2)}\n`);
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
    const folder = await makeNew(join(workshop, 'export'));
    const written = await writeInto(study, folder, options);
    const packed = await packExport({ folder, workshop, name: exportName(study), at: study.stamp.at }, options);
    // A container is a file, and renaming would write over an earlier one.
    if (packed !== folder) await (await open(target, 'wx').catch((cause: unknown) => refuseExisting(cause))).close();
    await rename(packed, target).catch((cause: unknown) => refuseExisting(cause));
    return written;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** One file is written while the next is made. */
async function writeInto(study: SimulatedStudy, folder: string, options: SimulateOptions): Promise<Written> {
  const { clock = systemClock, paceMs = 0, signal } = options;
  const written = { files: 0, bytes: 0 };
  let pending: Promise<number> = Promise.resolve(0);
  try {
    for (const file of exportFiles(study)) {
      written.bytes += await pending;
      signal?.throwIfAborted();
      pending = writeOne(folder, file);
      written.files += 1;
      if (paceMs === 0) continue;
      written.bytes += await pending;
      pending = Promise.resolve(0);
      await clock.sleep(paceMs, signal);
    }
  } finally {
    written.bytes += await pending;
  }
  return written;
}

async function writeOne(folder: string, [path, content]: ExportFile): Promise<number> {
  const place = join(folder, path);
  if (path.includes('/')) await mkdir(dirname(place), { recursive: true });
  if (Buffer.isBuffer(content)) {
    await writeFile(place, content);
    return content.length;
  }
  let bytes = 0;
  await using file = await open(place, 'w');
  for (const piece of content) bytes += (await file.write(piece)).bytesWritten;
  return bytes;
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

function checkOutside(file: string, target: string): void {
  if (!`${resolve(file)}${sep}`.startsWith(`${resolve(target)}${sep}`)) return;
  throw new SimulatorError('BAD_OPTION', 'expected truth to lie outside the export, found it inside', {
    hint: 'Name a file in another folder: an export never holds what is true of it.',
  });
}
