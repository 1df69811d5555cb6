import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditLog } from '../../../agent/audit/index.ts';
import { foldersOf } from '../../../agent/folders.ts';
import { recover } from '../../../agent/recover.ts';
import { openArchive } from '../../../archive/index.ts';
import { readStorageKey } from '../../../certs/index.ts';
import { systemClock } from '../../../core/clock.ts';
import { openReader } from '../../../core/database.ts';
import { sha256 } from '../../../core/digest.ts';
import { codeOf } from '../../../core/errors.ts';
import { passAlways } from '../../../core/gate-flag.ts';
import { silentLog } from '../../../core/log.ts';
import type { AuditAction, AuditRecord } from '../../../protocol/audit.ts';
import type { Ledger } from '../../../uploader/index.ts';
import { accountedBy } from './appliance.ts';
import { type Facts, factsOf, missingOf, pairedAction, pairedCode } from './facts.ts';

/**
 * Recovers a state as the daemon does, and says everything that is wrong with what comes out: what was acknowledged and
 * is not there and whole, what was not and is there in part, and work that does not go on.
 */
export class Checker {
  /** Archives that were opened with these keys: the same bytes open again. */
  readonly #opened = new Set<string>();

  /** `data`: the state; `acknowledged`: the last facts that anybody was told, undefined before the first. */
  async complaints(data: string, acknowledged: Facts | undefined): Promise<string[]> {
    const folders = foldersOf(data);
    let ledger: Ledger | undefined;
    try {
      const recovered = await recover({ folders, log: silentLog, isInline: true });
      ledger = recovered.ledger;
      const storageKey = readStorageKey(folders.keys);
      const audit = new AuditLog({ ledger, clock: systemClock, storageKey });
      await audit.takePending(folders.audit);
      await recovered.tidy(passAlways, accountedBy(audit));
      const found = factsOf(ledger.read);
      return [
        ...(acknowledged ? missingOf(acknowledged, found) : []),
        ...waitingOf(found),
        ...(await this.#archives(folders.cases, found, storageKey)),
        ...auditFaults(ledger),
        ...strayFiles(folders.cases, found),
        ...(existsSync(folders.quarantine) ? ['something was put aside'] : []),
        ...soundness(folders.ledger),
        ...(await goesOn(ledger)),
      ];
    } catch (error) {
      return [`it does not come up: ${codeOf(error) ?? ''} ${error instanceof Error ? error.message : ''}`];
    } finally {
      await ledger?.close();
    }
  }

  /** Every archive of the ledger is on disk, has the bytes that were sealed, and opens. */
  async #archives(folder: string, found: Facts, secret: Uint8Array): Promise<string[]> {
    const complaints: string[] = [];
    for (const { file, sha256: wanted, isOwed } of Object.values(found.archives)) {
      const path = join(folder, file);
      if (!existsSync(path)) {
        if (isOwed) complaints.push(`${file} is gone`);
        continue;
      }
      if (sha256(readFileSync(path)) !== wanted) complaints.push(`${file} is not what was sealed`);
      else if (!(await this.#opens(path, wanted, secret))) complaints.push(`${file} does not open`);
    }
    return complaints;
  }

  async #opens(path: string, digest: string, secret: Uint8Array): Promise<boolean> {
    try {
      const keys = readFileSync(path.replace(/\.case$/, '.keys'), 'utf8');
      const known = `${digest} ${sha256(keys)}`;
      if (this.#opened.has(known)) return true;
      const { kid } = JSON.parse(keys).keys.recipients[0].header;
      using reader = await openArchive(path, { kid, secret });
      for (const { name } of reader.files) for await (const _piece of reader.read(name));
      this.#opened.add(known);
      return true;
    } catch {
      return false;
    }
  }
}

/** The chain is whole, and a step is there with its record or without it. */
function auditFaults({ read }: Ledger): string[] {
  const verdict = read.audit.verify();
  const faults = verdict.ok ? [] : [`the audit log is not whole: ${verdict.fault.what}`];
  const records = [...read.audit.after(0)].map(({ record }) => JSON.parse(record) as AuditRecord);
  const of = (action: AuditAction) => records.filter((one) => one.action === action);
  const archives = read.cases().flatMap(({ caseId }) => read.archivesOf(caseId));
  const gone = archives.filter(({ kept }) => kept === 'gone').map(({ archiveId }) => archiveId);
  const released = of('case-released').map(({ evidence }) => (evidence as { readonly archiveId: string }).archiveId);
  const steps = read.refusals().filter(({ code }) => code === pairedCode).length;
  if (gone.toSorted().join() !== released.toSorted().join()) faults.push('releases and their records differ');
  if (steps !== of(pairedAction).length) faults.push('a step and its record are not there together');
  if (of('record-unreadable').length > 0) faults.push('a record that a command left is torn');
  return faults;
}

/** No crash may leave something to a person. */
function waitingOf({ cases }: Facts): string[] {
  return Object.entries(cases)
    .filter(([, stage]) => stage === 'held')
    .map(([caseId]) => `case ${caseId} waits for a person`);
}

/** Nothing is left behind but a finished archive of a case that is still to be sealed, which replaces it. */
function strayFiles(folder: string, { archives, cases }: Facts): string[] {
  const known = new Set(Object.values(archives).flatMap(({ file }) => [file, file.replace(/\.case$/, '.keys')]));
  return readdirSync(folder)
    .filter((name) => !known.has(name) && !['detected', 'settled'].includes(cases[name.split('.')[0] ?? ''] ?? ''))
    .map((name) => `${name} was left behind`);
}

function soundness(path: string): string[] {
  const db = openReader(path);
  try {
    const said = db.pragma('quick_check', { simple: true });
    const orphans = db.pragma('foreign_key_check') as unknown[];
    return [
      ...(said === 'ok' ? [] : [`quick_check: ${String(said)}`]),
      ...(orphans.length ? ['rows without parent'] : []),
    ];
  } finally {
    db.close();
  }
}

async function goesOn(ledger: Ledger): Promise<string[]> {
  const entry = { entryKey: 'afterwards', signature: 'x', sourceSealed: Buffer.alloc(1), files: 1, sourceBytes: 1 };
  const { caseId } = await ledger.detect(entry);
  await ledger.enqueue({ kind: 'log', body: 'afterwards' });
  return ledger.read.caseById(caseId)?.stage === 'detected' ? [] : ['nothing new can be stored'];
}
