import { lstatSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { finishedFiles, syncFolder, unlinkDurable, writeFileDurable } from '../../core/files.ts';
import type { StampedRecord } from './stamp.ts';

/**
 * Records made by a command, which owns no ledger: one durable file each, so that a command works with the daemon dead.
 * The daemon takes them into its chain, then removes the file; a record that was taken twice is stored once, by its id.
 */
const suffix = '.record';
const unreadableSuffix = '.unreadable';

/** Leaves a record for the daemon; when it returns the record is on disk. */
export function leaveRecord(folder: string, stamped: StampedRecord): void {
  if (mkdirSync(folder, { recursive: true, mode: 0o770 }) !== undefined) syncFolder(dirname(folder));
  writeFileDurable(join(folder, stamped.record.id + suffix), `${JSON.stringify(stamped)}\n`, 0o660);
}

/** A record that waits for a daemon, and where. Without `stamped` the file cannot be understood. */
export interface PendingRecord {
  readonly path: string;
  readonly stamped?: StampedRecord;
}

/** What waits, oldest first by its own word. The owner of a file is who the kernel says wrote it, so that is its uid. */
export function pendingRecords(folder: string): readonly PendingRecord[] {
  const found = finishedFiles(folder, suffix).map((name) => read(join(folder, name)));
  return found.toSorted((one, other) => timeOf(one).localeCompare(timeOf(other)));
}

/** It is in the chain, fsynced: its file goes. */
export function removePending({ path }: PendingRecord): void {
  unlinkDurable(path);
}

/** Puts aside a file that is no record, so that it is looked at by a person and not again by every start. */
export function setAside({ path }: PendingRecord): void {
  renameSync(path, path + unreadableSuffix);
  syncFolder(dirname(path));
}

function read(path: string): PendingRecord {
  const { uid } = lstatSync(path);
  try {
    const stamped = JSON.parse(readFileSync(path, 'utf8')) as StampedRecord;
    if (!isStamped(stamped)) return { path };
    const { record, ...rest } = stamped;
    return { path, stamped: { ...rest, record: { ...record, uid, uidFrom: 'owner' } } };
  } catch {
    return { path };
  }
}

function isStamped(found: unknown): found is StampedRecord {
  const { record, why } = (found ?? {}) as { readonly record?: Record<string, unknown>; readonly why?: unknown };
  const texts = [record?.id, record?.at, record?.bootId, record?.action, record?.actor];
  return texts.every((text) => typeof text === 'string') && ['string', 'undefined'].includes(typeof why);
}

function timeOf({ stamped }: PendingRecord): string {
  return stamped?.record.at ?? '';
}
