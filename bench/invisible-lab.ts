import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ask } from '../agent/control/index.ts';
import { foldersOf } from '../agent/folders.ts';
import { simulateStudy } from '../carto/index.ts';
import type { ProcedureStarted, ProcedureStatus } from '../protocol/control.ts';
import { type Counters, countersOf } from '../test/harness/counters.ts';
import { Site } from '../test/harness/site.ts';
import { until } from '../test/harness/until.ts';
import { linkedCopy } from './linked-copy.ts';
import type { Felt } from './stand-in.ts';

const run = promisify(execFile);

export const conditions = ['absent', 'idle', 'paused', 'working', 'absent again', 'restic', 'gzip'] as const;
export type Condition = (typeof conditions)[number];
type Present = 'idle' | 'paused' | 'working';
type Rival = 'restic' | 'gzip';

const backlog = Number(process.env.VESTIBULE_BENCH_BACKLOG ?? 1_000);
const studies = 12;
/** From the beginning of a condition to its first sample: what was stopped finds itself again, the disk comes to rest. */
const settleMs = 3_000;

/** Over and over, until it is ended. `$1`: a folder to write to, `$2`: the exports. */
const rivals: Readonly<Record<Rival, string>> = {
  restic:
    'while :; do rm -rf "$1/restic"; restic init -q --repo "$1/restic"; restic backup -q --repo "$1/restic" "$2"; sync -f "$1"; done',
  gzip: 'while :; do tar -cf - -C "$2" . | gzip > "$1/all.tar.gz"; sync -f "$1"; done',
};

/**
 * Each side in a session of its own, as services are: where the kernel shares out processors by session, a thread that is
 * nicer is so among its own alone, and must not look better here than it is there.
 */
const ownSession = ['setsid'];

/** What was felt in one window, and what the appliance did in it. */
export interface Observed {
  readonly felt: Felt;
  readonly note: string;
}

/**
 * Every condition has an appliance of its own over a folder of its own; all but the one that is looked at are stopped by
 * the kernel (SIGSTOP). The clouds of the idle and of the paused one run all the time, also while *absent* is measured.
 * The working one is enrolled, then has no cloud: that is not in the hospital, and its work would be felt too.
 */
export class Lab {
  readonly #folder: string;
  readonly #sites: Readonly<Record<Present, Site>>;

  private constructor(folder: string, sites: Readonly<Record<Present, Site>>) {
    this.#folder = folder;
    this.#sites = sites;
  }

  static async make(): Promise<Lab> {
    keepToTwoCores();
    execFileSync(join(import.meta.dirname, '../scripts/install-debian'), ['restic', 'taskset=util-linux'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const folder = mkdtempSync(join(tmpdir(), 'vestibule-invisible-'));
    const exports = await makeExports(join(folder, 'exports'));
    const newSite = async () => {
      const site = await Site.create({ analysis: true, coolDownSeconds: 0.2, quietSeconds: 0.5, rescanSeconds: 5 });
      site.appliance.within = ownSession;
      return site;
    };
    const lab = new Lab(folder, { idle: await newSite(), paused: await newSite(), working: await newSite() });
    try {
      await lab.#begin(exports);
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** One after the other is brought to where it has to be, and stopped there. */
  async #begin(exports: readonly string[]): Promise<void> {
    const { idle, paused, working } = this.#sites;
    await idle.start();
    await stateOf(idle, 'open');
    idle.appliance.freeze();

    await working.start();
    await Promise.all([working.hub.kill9(), working.receiver.kill9()]);
    fill(working, exports);
    await working.appliance.said('case-sealed', 300_000);
    working.appliance.freeze();

    await paused.start();
    fill(paused, exports);
    await paused.appliance.said('case-sealed', 300_000);
    await until(async () => paused.appliance.lines.at(-1)?.event === 'case-settled', 'a case half done', 120_000, 1);
    await quietly(paused);
    paused.appliance.freeze();
    console.error(`${backlog} exports wait; the paused appliance has ${JSON.stringify(await stagesOf(paused))}`);
  }

  /** One window under a condition. */
  async during(condition: Condition, windowMs: number): Promise<Observed> {
    execFileSync('sync', ['-f', this.#folder]);
    if (condition in this.#sites) return this.#present(condition as Present, windowMs);
    if (condition in rivals) return this.#beside(condition as Rival, windowMs);
    await sleep(settleMs);
    return { felt: await this.#feel(windowMs), note: '' };
  }

  async #present(condition: Present, windowMs: number): Promise<Observed> {
    const { appliance } = this.#sites[condition];
    const from = appliance.lines.length;
    appliance.thaw();
    try {
      if (condition === 'working') await appliance.said('case-settled', 60_000, from);
      await sleep(settleMs);
      const before = countersOf(appliance.pid);
      const felt = await this.#feel(windowMs);
      return { felt, note: noteOf(before, countersOf(appliance.pid), sealedSince(this.#sites[condition], from)) };
    } finally {
      appliance.freeze();
    }
  }

  async #beside(rival: Rival, windowMs: number): Promise<Observed> {
    const child = spawn('bash', ['-c', rivals[rival], 'bash', this.#folder, join(this.#folder, 'exports')], {
      ...{ stdio: 'ignore', detached: true, env: { ...process.env, RESTIC_PASSWORD: 'bench' } },
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      await sleep(settleMs);
      return { felt: await this.#feel(windowMs), note: '' };
    } finally {
      // The shell and what it runs: they are a group of their own.
      if (child.pid) process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
  }

  async #feel(windowMs: number): Promise<Felt> {
    const program = join(import.meta.dirname, 'stand-in.ts');
    const [setsid = '', ...line] = [...ownSession, process.execPath, program, this.#folder, String(windowMs)];
    const { stdout } = await run(setsid, line, { maxBuffer: 1 << 24 });
    return JSON.parse(stdout) as Felt;
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#sites).map((site) => site.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The proof is about two cores: on a machine with more, this process and all that it begins keeps to two of them. */
function keepToTwoCores(): void {
  if (availableParallelism() <= 2) return;
  execFileSync('taskset', ['-a', '-c', '-p', '0,1', String(process.pid)], { stdio: 'ignore' });
}

async function makeExports(folder: string): Promise<readonly string[]> {
  mkdirSync(folder);
  const made: string[] = [];
  for (let seed = 1; seed <= studies; seed++) made.push((await simulateStudy({ folder, seed, points: 6 })).folder);
  return made;
}

function fill(site: Site, exports: readonly string[]): void {
  for (let at = 0; at < backlog; at++) linkedCopy(exports[at % exports.length] ?? '', join(site.inbox, `export-${at}`));
}

/** How many cases are at each stage. */
async function stagesOf(site: Site): Promise<Readonly<Record<string, number>>> {
  const stages: Record<string, number> = {};
  for (const { stage } of await site.cases()) stages[stage] = (stages[stage] ?? 0) + 1;
  return stages;
}

async function stateOf(site: Site, gate: ProcedureStatus['gate']): Promise<void> {
  const { socket } = foldersOf(site.data);
  const look = async () => ((await ask(socket, { verb: 'procedure-status' })) as ProcedureStatus).gate === gate;
  await until(look, `a gate that is ${gate}`, 60_000, 20);
}

/** A procedure starts, and is not over before the end. */
async function quietly(site: Site): Promise<void> {
  const { socket } = foldersOf(site.data);
  const start = async () =>
    ((await ask(socket, { verb: 'procedure-start', reason: 'bench', holder: 'bench' })) as ProcedureStarted).quiet;
  await until(start, 'quiet', 30_000, 50);
}

function sealedSince(site: Site, from: number): number {
  return site.appliance.lines.slice(from).filter(({ event }) => event === 'case-sealed').length;
}

function noteOf(before: Counters, now: Counters, sealed: number): string {
  const cpuMs = (now.ticks - before.ticks) * 10;
  const read = ((now.rchar - before.rchar) / 1e6).toFixed(2);
  const written = ((now.writeBytes - before.writeBytes) / 1e6).toFixed(2);
  return `; the appliance: ${cpuMs} ms of processor, ${read} MB read, ${written} MB written to the disk, ${sealed} cases sealed`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
