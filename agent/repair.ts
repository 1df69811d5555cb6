import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { readKeysFile } from '../archive/index.ts';
import { openStore } from '../core/database.ts';
import { partialSuffix, renameDurable, syncFolder, unlinkDurable, writeFileDurable } from '../core/files.ts';
import {
  CaseJournal,
  type Found,
  isSound,
  type Journal,
  knownCases,
  type LedgerHealth,
  ledgerMigrations,
  type Rebuilt,
  rebuild,
  type SalvagedTable,
  salvage,
} from '../uploader/index.ts';
import type { Folders } from './folders.ts';

/** What a repair found and did, or would do. */
export interface RepairReport {
  readonly ledger: LedgerHealth;
  /** False for a dry run, and when nothing had to be done. */
  readonly isRepaired: boolean;
  /** Rows that could be read, by table; those of a ledger that was to be replaced. */
  readonly salvaged: readonly SalvagedTable[];
  readonly rebuilt: Rebuilt;
  /** Lines of the journal that could not be read. */
  readonly unreadableLines: number;
  /** Where the old ledger is kept. */
  readonly quarantine?: string;
}

interface RepairDeps {
  readonly folders: Pick<Folders, 'folder' | 'ledger' | 'journal' | 'cases' | 'quarantine'>;
  readonly storageKey: Uint8Array;
  readonly now: Date;
}

/**
 * Rebuilds a ledger that is damaged, gone, or does not know what was sealed: from its readable rows, the journal, and the
 * archives on disk. No daemon may run. A dry run builds the new ledger aside and removes it again. May be repeated after
 * a kill at any point: until the new ledger has its name nothing of the old one is lost.
 */
export function repair(deps: RepairDeps, isDryRun: boolean): RepairReport {
  const { folders, storageKey, now } = deps;
  if (!isDryRun) endRepair(folders, now);
  const journal = new CaseJournal(folders.journal, storageKey).read();
  const { unreadable } = journal;
  const health = healthOf(folders, journal);
  const nothing = { cases: 0, archives: 0, held: [] };
  if (health === 'sound') {
    return { ledger: health, isRepaired: false, salvaged: [], rebuilt: nothing, unreadableLines: unreadable };
  }
  if (!isDryRun) bringBack(folders);
  const partial = `${rebuiltPath(folders)}${partialSuffix}`;
  removeLedger(partial);
  const look = looker(folders);
  const copy = copyOf(folders.ledger, `${folders.ledger}.copy${partialSuffix}`);
  const db = openStore(partial, ledgerMigrations);
  let [salvaged, rebuilt]: [readonly SalvagedTable[], Rebuilt] = [[], nothing];
  try {
    db.pragma('foreign_keys = OFF');
    db.transaction(() => {
      if (copy !== undefined) salvaged = salvage(copy, db);
      rebuilt = rebuild(db, { journal, look, at: now.toISOString() });
    })();
  } finally {
    db.close();
    if (copy !== undefined) removeLedger(copy);
  }
  const report = { ledger: health, salvaged, rebuilt, unreadableLines: unreadable };
  if (isDryRun) {
    removeLedger(partial);
    return { ...report, isRepaired: false };
  }
  // Closing folded everything into the one file, fsynced; from its second name on it is complete.
  renameDurable(partial, rebuiltPath(folders));
  const quarantine = endRepair(folders, now);
  return { ...report, isRepaired: true, ...(quarantine === undefined ? {} : { quarantine }) };
}

function healthOf(folders: RepairDeps['folders'], { cases, withdrawn }: Journal): LedgerHealth {
  if (!existsSync(folders.ledger)) return 'missing';
  if (!isSound(folders.ledger)) return 'damaged';
  const known = knownCases(folders.ledger);
  const look = looker(folders);
  if ([...withdrawn.keys()].some((caseId) => !known.withdrawn.has(caseId))) return 'forgetful';
  for (const { note, deliveredAt } of cases.values()) {
    if (known.sealed.has(note.caseId)) continue;
    if (deliveredAt !== undefined || note.archives.every((archive) => look(archive) === 'whole')) return 'forgetful';
  }
  return 'sound';
}

/** Looks at archives, each once, in their folder and where a start put aside what the ledger did not know. */
function looker(folders: Pick<Folders, 'cases' | 'quarantine'>) {
  const places = [folders.cases, ...putAside(folders.quarantine)];
  const known = new Map<string, Found>();
  return ({
    file,
    sha256,
    bytes,
  }: {
    readonly file: string;
    readonly sha256: string;
    readonly bytes: number;
  }): Found => {
    const key = `${file} ${sha256}`;
    const seen = places.map((folder) => known.get(key) ?? lookAt(join(folder, file), sha256, bytes));
    const found = seen.find((one) => one === 'whole') ?? seen.find((one) => one === 'damaged') ?? 'gone';
    known.set(key, found);
    return found;
  };
}

/** Folders of the quarantine with archives whose case the ledger did not know. */
function putAside(quarantine: string): string[] {
  if (!existsSync(quarantine)) return [];
  return readdirSync(quarantine)
    .map((name) => join(quarantine, name))
    .filter((folder) => codeOfNote(folder) === 'CASE_UNKNOWN');
}

function codeOfNote(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, 'note.json'), 'utf8')) as { readonly code?: unknown }).code;
  } catch {
    return undefined;
  }
}

/** The ledger is about to know them again. Their notes stay. */
function bringBack({ cases, quarantine }: Pick<Folders, 'cases' | 'quarantine'>): void {
  for (const folder of putAside(quarantine)) {
    for (const name of readdirSync(folder).filter((one) => /\.(case|keys)$/.test(one))) {
      if (!existsSync(join(cases, name))) renameDurable(join(folder, name), join(cases, name));
    }
  }
}

function lookAt(path: string, sha256: string, bytes: number): Found {
  const keysPath = path.replace(/\.case$/, '.keys');
  if (!existsSync(path) && !existsSync(keysPath)) return 'gone';
  try {
    if (statSync(path).size !== bytes || readKeysFile(keysPath).sha256 !== sha256) return 'damaged';
    return digestOf(path) === sha256 ? 'whole' : 'damaged';
  } catch {
    return 'damaged';
  }
}

function digestOf(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1 << 20);
  const handle = openSync(path, 'r');
  try {
    for (let bytes = readSync(handle, piece); bytes > 0; bytes = readSync(handle, piece)) {
      hash.update(piece.subarray(0, bytes));
    }
  } finally {
    closeSync(handle);
  }
  return hash.digest('hex');
}

/** SQLite may write beside what it reads, so it reads a copy. */
function copyOf(path: string, to: string): string | undefined {
  removeLedger(to);
  if (!existsSync(path)) return undefined;
  copyFileSync(path, to);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${to}-wal`);
  return to;
}

function removeLedger(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
}

/** A rebuilt ledger that is complete, and waits for its name. */
function rebuiltPath({ ledger }: Pick<Folders, 'ledger'>): string {
  return `${ledger}.rebuilt`;
}

/**
 * Gives a rebuilt ledger its name, when there is a complete one: the end of a repair, also of one that was killed. The
 * old one is copied into the quarantine first. Returns where it is.
 */
export function endRepair(folders: RepairDeps['folders'], now: Date): string | undefined {
  const finished = rebuiltPath(folders);
  if (!existsSync(finished)) return undefined;
  const quarantine = keepOld(folders, now);
  // The old log goes first: replayed onto the new ledger it would damage that.
  unlinkDurable(`${folders.ledger}-wal`);
  unlinkDurable(`${folders.ledger}-shm`);
  renameDurable(finished, folders.ledger);
  return quarantine;
}

/** Copies the old ledger aside, with a note, before anything of it goes. */
function keepOld({ ledger, quarantine, folder }: RepairDeps['folders'], now: Date): string | undefined {
  const present = [ledger, `${ledger}-wal`].filter((path) => existsSync(path));
  if (present.length === 0) return undefined;
  const to = join(quarantine, `${now.toISOString().replaceAll(/[:.]/g, '-')}-ledger`);
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const path of present) copyDurable(path, join(to, basename(path)));
  const note = { v: 1, at: now.toISOString(), code: 'LEDGER_REPLACED', what: 'the ledger before it was rebuilt' };
  writeFileDurable(join(to, 'note.json'), `${JSON.stringify(note)}\n`);
  for (const changed of [to, quarantine, folder]) syncFolder(changed);
  return to;
}

function copyDurable(from: string, to: string): void {
  copyFileSync(from, to);
  const handle = openSync(to, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
