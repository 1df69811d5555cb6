import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeConfig } from '../../../agent/config.ts';
import { foldersOf } from '../../../agent/folders.ts';
import { KeyFolder, openLocalKeys } from '../../../certs/index.ts';
import { openStore } from '../../../core/database.ts';
import { newId } from '../../../protocol/ids.ts';
import { ledgerMigrations } from '../../../uploader/ledger-schema.ts';
import { CloudSide } from '../../enrolment/cloud-side.ts';
import { Dice } from '../../harness/random.ts';
import { Disk, type Snapshot } from './disk.ts';
import { readRecording } from './recording.ts';
import type { Recording } from './states.ts';

/** Places on a disk in memory: a state is written, opened and thrown away thousands of times. */
export function scratchFolder(): string {
  return mkdtempSync('/dev/shm/vestibule-crash-');
}

/** Compiles the shim into a folder and returns its path. */
export function buildShim(folder: string): string {
  const out = join(folder, 'shim.so');
  const source = fileURLToPath(new URL('./shim.c', import.meta.url));
  execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', out, source, '-lpthread']);
  return out;
}

/** An appliance that is set up, offline, and has a ledger of the first schema with one delivered case in it. */
export async function makeFixture(data: string): Promise<void> {
  const cloud = await CloudSide.start();
  try {
    const { text, passphrase } = await cloud.bundleFile();
    const folders = foldersOf(data);
    const inbox = join(data, 'inbox');
    for (const folder of [inbox, folders.folder, folders.keys]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    await openLocalKeys(await KeyFolder.open(folders.keys));
    writeFileSync(folders.bundle, text);
    writeFileSync(folders.passphrase, passphrase);
    writeConfig(folders.config, {
      inboxes: [inbox],
      procedure: { authorities: ['leases'], coolDownSeconds: 0.1 },
      intake: { quietSeconds: 0.5 },
    });
    const first = ledgerMigrations.slice(0, 1);
    const ledger = openStore(folders.ledger, first);
    ledger
      .prepare(
        `INSERT INTO cases (case_id, entry_key, signature, source_sealed, files, source_bytes, stage, detected_at)
         VALUES (?, 'old', 'old', x'00', 1, 1, 'delivered', '2030-01-01T00:00:00.000Z')`,
      )
      .run(newId('case'));
    ledger.close();
  } finally {
    await cloud.stop();
  }
}

/** Names, contents and inodes below a folder. */
export function takeSnapshot(root: string): Snapshot & { readonly inodes: ReadonlyMap<string, bigint> } {
  const folders = new Set<string>();
  const files = new Map<string, Buffer>();
  const inodes = new Map<string, bigint>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(root, path);
    if (entry.isDirectory()) folders.add(name);
    if (!entry.isFile() || name.endsWith('-shm')) continue;
    files.set(name, readFileSync(path));
    inodes.set(name, statSync(path, { bigint: true }).ino);
  }
  return { folders, files, inodes };
}

export interface RunOptions {
  readonly data: string;
  readonly shim: string;
  /** `whole`, or `short`: one case. */
  readonly plan?: 'whole' | 'short';
  readonly env?: Readonly<Record<string, string>>;
  /** Loaded before everything else. */
  readonly preload?: string;
  readonly withinMs?: number;
}

export interface RunResult {
  readonly code: number | null;
  readonly errors: string;
}

/** Runs the scripted day as a process under the shim, with the appliance's folder below `data` as what is recorded. */
export function runDay({
  data,
  shim,
  plan = 'whole',
  env = {},
  preload,
  withinMs = 120_000,
}: RunOptions): Promise<RunResult> {
  const day = fileURLToPath(new URL('./day.ts', import.meta.url));
  const child = spawn(process.execPath, [...(preload ? ['--import', preload] : []), day, data, plan], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: withinMs,
    killSignal: 'SIGKILL',
    env: { ...shimmed(data, shim), ...env },
  });
  let errors = '';
  child.stderr.on('data', (piece) => {
    errors = (errors + String(piece)).slice(-8000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, errors }));
  });
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** What a folder holds that `record` has filled. */
const parts = { data: 'data', before: 'before', inodes: 'inodes.json', log: 'recording' } as const;

/**
 * Records a scripted day into a folder. Throws when the day fails, or when the recording does not end with exactly what
 * is on the disk: then something changed it behind the shim's back.
 */
export async function record(folder: string, options: { readonly plan: 'whole' | 'short'; readonly mutant?: string }) {
  const { plan, mutant } = options;
  const data = join(folder, parts.data);
  await makeFixture(data);
  const root = foldersOf(data).folder;
  const { inodes } = takeSnapshot(root);
  cpSync(root, join(folder, parts.before), { recursive: true });
  writeFileSync(join(folder, parts.inodes), JSON.stringify([...inodes].map(([path, inode]) => [path, String(inode)])));
  const preload = mutant === undefined ? {} : { preload: fileURLToPath(new URL('./mutant-hook.ts', import.meta.url)) };
  const env = { VCRASH_LOG: join(folder, parts.log), ...(mutant === undefined ? {} : { VCRASH_MUTANT: mutant }) };
  const { code, errors } = await runDay({ data, shim: buildShim(folder), plan, env, ...preload });
  if (code !== 0) throw new Error(`the scripted day failed: ${errors}`);
  const recording = loadRecording(folder);
  const disk = new Disk(root, recording.before);
  disk.adopt(recording.before.inodes);
  for (const change of recording.changes) disk.apply(change);
  const [told, found] = [disk.cut('all', new Dice(0)), takeSnapshot(root)];
  assert.deepEqual([...told.folders].sort(), [...found.folders].sort(), 'the recording has every folder');
  assert.deepEqual([...told.files.keys()].sort(), [...found.files.keys()].sort(), 'the recording has every file');
  for (const [path, bytes] of found.files) assert.ok(told.files.get(path)?.equals(bytes), `${path} is as recorded`);
}

/** Reads what `record` made. */
export function loadRecording(folder: string): Recording {
  const inodes = JSON.parse(readFileSync(join(folder, parts.inodes), 'utf8')) as [string, string][];
  const before = takeSnapshot(join(folder, parts.before));
  return {
    root: foldersOf(join(folder, parts.data)).folder,
    before: { ...before, inodes: new Map(inodes.map(([path, inode]) => [path, BigInt(inode)])) },
    changes: readRecording(join(folder, parts.log)),
  };
}

/** The environment in which the shim sees every call of a process that works in a data folder. */
export function shimmed(data: string, shim: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LD_PRELOAD: shim,
    UV_USE_IO_URING: '0',
    VCRASH_ROOT: foldersOf(data).folder,
    VCRASH_MARKS: join(data, 'marks'),
  };
}
