import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditBy } from '../../protocol/audit.ts';

/**
 * Node cannot ask a socket for its peer's user (SO_PEERCRED). Instead a command proves it through the file system, as
 * HTCondor's FS method does: it makes a folder with an unguessable name in one that nobody but the daemon can list, and
 * the kernel writes down whose it is. A folder, since another user's file could be linked there, a folder cannot.
 */
const pattern = /^[0-9a-f]{32}$/;

/** Who runs this process. `SUDO_UID` is what sudo says; it is noted beside, never instead. */
export function whoRuns(environment: Readonly<Record<string, string | undefined>>): AuditBy {
  const uid = process.getuid?.();
  const behalf = Number(environment.SUDO_UID ?? Number.NaN);
  return {
    actor: 'person',
    ...(uid === undefined ? {} : { uid, uidFrom: 'process' }),
    ...(Number.isSafeInteger(behalf) && behalf >= 0 ? { behalfOf: behalf } : {}),
  };
}

/** Makes a claim. Returns its name, or undefined where that is not possible: then the uid is merely said. */
export function makeClaim(folder: string): string | undefined {
  try {
    const name = randomName();
    mkdirSync(join(folder, name), { mode: 0o700 });
    return name;
  } catch {
    return undefined;
  }
}

/** Takes a claim back that the daemon did not take. */
export function dropClaim(folder: string, name: string): void {
  try {
    rmdirSync(join(folder, name));
  } catch {
    // The daemon took it, which is what it was for.
  }
}

/** Whose claim it is, by the kernel's word; it serves once. */
export function redeemClaim(folder: string, name: string): number | undefined {
  if (!pattern.test(name)) return undefined;
  try {
    const found = lstatSync(join(folder, name));
    rmdirSync(join(folder, name));
    return found.isDirectory() ? found.uid : undefined;
  } catch {
    return undefined;
  }
}

/** Removes claims that killed commands left. */
export function sweepClaims(folder: string): void {
  for (const name of readdirSync(folder)) if (pattern.test(name)) dropClaim(folder, name);
}

/** 128 random bits, without the library for them: somebody waits for this beside the table. */
function randomName(): string {
  const source = openSync('/dev/urandom', 'r');
  try {
    const bytes = Buffer.alloc(16);
    readSync(source, bytes);
    return bytes.toString('hex');
  } finally {
    closeSync(source);
  }
}
