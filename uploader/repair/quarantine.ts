import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { syncFolder, writeFileDurable } from '../../core/files.ts';
import { randomDigits } from '../../protocol/ids.ts';

/** Why files were put aside: our own words and ids, nothing of what they hold. */
export interface QuarantineNote {
  readonly code: string;
  readonly what: string;
  readonly caseId?: string;
  readonly archiveId?: string;
  readonly tier?: string;
  /** What the ledger expected. */
  readonly sha256?: string;
  readonly bytes?: number;
}

/**
 * Moves damaged files into a new folder below `quarantine`, with a note that says what was wrong, durably. Nothing of it
 * is ever removed by the appliance. Files that are not there are passed over. Returns the new folder, undefined when
 * there was nothing to move. The files and `quarantine` lie on one file system.
 */
export function quarantineFiles(
  quarantine: string,
  paths: readonly string[],
  note: QuarantineNote,
  now: Date,
): string | undefined {
  const present = paths.filter((path) => existsSync(path));
  if (present.length === 0) return undefined;
  const stamp = now.toISOString().replaceAll(/[:.]/g, '-');
  const folder = join(quarantine, `${stamp}-${randomDigits(6)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = present.map((path) => ({ file: basename(path), bytes: statSync(path).size }));
  writeFileDurable(join(folder, 'note.json'), `${JSON.stringify({ v: 1, at: now.toISOString(), ...note, files })}\n`);
  for (const path of present) renameSync(path, join(folder, basename(path)));
  for (const changed of new Set([folder, quarantine, dirname(quarantine), ...present.map((path) => dirname(path))])) {
    syncFolder(changed);
  }
  return folder;
}
