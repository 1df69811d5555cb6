import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../core/database.ts';
import { silentLog } from '../core/log.ts';
import { Ledger } from '../uploader/index.ts';
import { type Figure, figureOf } from './figure.ts';
import { bytesWritten } from './own-io.ts';

const inFlight = 512;
const table = [{ version: 1, sql: 'CREATE TABLE items (id INTEGER PRIMARY KEY, kind TEXT, body BLOB) STRICT' }];

interface Run {
  readonly perSecond: number;
  readonly writtenPerByte: number;
  readonly perCommit: number;
}

/** Items of 1 KiB, acknowledged after fsync, beside plain inserts of the same bytes by the same SQLite. */
export async function enqueue(repeats: number): Promise<Figure[]> {
  const items = Number(process.env.VESTIBULE_BENCH_ITEMS ?? 40_960);
  const bodies = Array.from({ length: inFlight }, () => randomBytes(1024));
  const text = Array.from({ length: inFlight }, (_, n) => Buffer.from(telemetryLike(n)));
  const runs: Record<'ours' | 'json' | 'full' | 'groups' | 'normal', Run[]> = {
    ...{ ours: [], json: [], full: [], groups: [], normal: [] },
  };
  for (let n = 0; n < repeats; n++) {
    runs.ours.push(await ours(bodies, items));
    runs.json.push(await ours(text, items));
    runs.full.push(await plain(bodies, { items: Math.ceil(items / 20), perCommit: 1, mode: 'FULL' }));
    runs.groups.push(await plain(bodies, { items, perCommit: inFlight, mode: 'FULL' }));
    runs.normal.push(await plain(bodies, { items, perCommit: 1, mode: 'NORMAL' }));
  }
  const { ours: own } = runs;
  const version = await sqliteVersion();
  const speed = (list: readonly Run[]) => list.map(({ perSecond }) => perSecond);
  const against = (rival: string, list: readonly Run[]): Figure =>
    figureOf(`enqueue-vs-${rival}`, 'items/s', speed(own), {
      rival: { name: `better-sqlite3 (SQLite ${version}), ${rival}`, runs: speed(list) },
    });
  const notes = `incompressible; telemetry-like JSON of 1 KiB: ${figureOf('', '', speed(runs.json)).median}/s`;
  return [
    against('single-row-full', runs.full),
    against('transactions-of-512-full', runs.groups),
    { ...against('single-row-normal', runs.normal), notes },
    figureOf(
      'enqueue-items-per-fsync',
      'items',
      own.map(({ perCommit }) => perCommit),
    ),
    figureOf(
      'enqueue-bytes-written-per-byte',
      'ratio',
      own.map(({ writtenPerByte }) => writtenPerByte),
      {
        rival: { name: 'transactions of 512', runs: runs.groups.map(({ writtenPerByte }) => writtenPerByte) },
        notes: `/proc/self/io, closed and folded in; telemetry-like JSON: ${
          figureOf(
            '',
            '',
            runs.json.map((run) => run.writtenPerByte),
          ).median
        }`,
      },
    ),
  ];
}

async function ours(bodies: readonly Buffer[], items: number): Promise<Run> {
  return inFolder(async (folder) => {
    const ledger = await Ledger.open({ path: join(folder, 'ledger.db'), log: silentLog });
    const before = { written: bytesWritten(), commits: ledger.commits };
    const started = performance.now();
    let left = items;
    const lane = async (own: number) => {
      while (left-- > 0) await ledger.enqueue({ kind: 'telemetry', body: bodies[own] ?? '' });
    };
    await Promise.all(bodies.map((_, own) => lane(own)));
    const seconds = (performance.now() - started) / 1000;
    const commits = ledger.commits - before.commits;
    await ledger.close();
    const written = bytesWritten() - before.written;
    return { perSecond: items / seconds, perCommit: items / commits, writtenPerByte: written / (items * 1024) };
  });
}

async function plain(
  bodies: readonly Buffer[],
  { items, perCommit, mode }: { readonly items: number; readonly perCommit: number; readonly mode: string },
): Promise<Run> {
  return inFolder(async (folder) => {
    const db = openStore(join(folder, 'plain.db'), table);
    db.pragma(`synchronous = ${mode}`);
    const insert = db.prepare("INSERT INTO items (kind, body) VALUES ('telemetry', ?)");
    const before = bytesWritten();
    const started = performance.now();
    const group = db.transaction((count: number) => {
      for (let n = 0; n < count; n++) insert.run(bodies[n % bodies.length]);
    });
    for (let n = 0; n < items; n += perCommit) group(Math.min(perCommit, items - n));
    const seconds = (performance.now() - started) / 1000;
    db.close();
    return { perSecond: items / seconds, perCommit, writtenPerByte: (bytesWritten() - before) / (items * 1024) };
  });
}

async function sqliteVersion(): Promise<string> {
  return inFolder(async (folder) => {
    const db = openStore(join(folder, 'any.db'), table);
    const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    db.close();
    return version;
  });
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'vestibule-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function telemetryLike(seed: number): string {
  const samples = Array.from({ length: 12 }, (_, n) => ({
    ...{ at: new Date(1.8e12 + seed * 9e5 + n * 6e4).toISOString(), freeBytes: 4e11 + seed * 4096 * n, gate: 'open' },
  }));
  return JSON.stringify(samples).slice(0, 1024).padEnd(1024);
}
