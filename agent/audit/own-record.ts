import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../../core/files.ts';

/** Something a person did that must be accounted for. It says nothing of a patient. */
export interface AuditRecord {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly action: 'relink';
  /** Who: the user id of the process, and of the person behind `sudo`. */
  readonly uid: number;
  readonly behalfOf?: number;
  /** What it was about: a generated code. */
  readonly subject: string;
  readonly result: string;
}

/**
 * Appends one record, a JSON line, and returns when it is on disk. Several processes may append: a record is one write
 * to a file opened for appending. A line that a power cut left half gets its end first.
 */
export function appendAudit(path: string, record: AuditRecord): void {
  const handle = openSync(path, 'a+', 0o600);
  try {
    const line = Buffer.from(`${endsInMidLine(handle) ? '\n' : ''}${JSON.stringify(record)}\n`);
    if (writeSync(handle, line) !== line.length) throw new Error('the audit record was not written whole');
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  syncFolder(dirname(path));
}

/** Who runs this process. `SUDO_UID` is what sudo says; it is noted beside, never instead. */
export function whoRuns(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<AuditRecord, 'uid' | 'behalfOf'> {
  const behalf = Number(environment.SUDO_UID ?? Number.NaN);
  return { uid: process.getuid?.() ?? -1, ...(Number.isSafeInteger(behalf) ? { behalfOf: behalf } : {}) };
}

function endsInMidLine(handle: number): boolean {
  const { size } = fstatSync(handle);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(handle, last, 0, 1, size - 1) === 1 && last[0] !== 10;
}
