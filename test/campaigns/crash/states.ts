import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { foldersOf } from '../../../agent/folders.ts';
import { agentMain, Part } from '../../harness/process.ts';
import { Dice, mixSeed } from '../../harness/random.ts';
import { Checker } from './check.ts';
import { type Cut, Disk, materialise, type Snapshot } from './disk.ts';
import type { Facts } from './facts.ts';
import type { Change } from './recording.ts';

export interface Recording {
  /** The appliance's folder when it was recorded. */
  readonly root: string;
  readonly before: Snapshot & { readonly inodes: ReadonlyMap<string, bigint> };
  readonly changes: readonly Change[];
}

export interface StatesOrder {
  readonly seed: number;
  /** Over all prefixes together. */
  readonly states: number;
  /** This process checks every `of`-th state, beginning with `part`. */
  readonly part: number;
  readonly of: number;
  /** A folder of its own for the states. */
  readonly scratch: string;
  /** Every so-many-th state also starts the real program; 0: none. */
  readonly realEvery: number;
  /** Stops after so many failures. */
  readonly maxFailures: number;
}

export interface Failure {
  readonly state: number;
  readonly prefix: number;
  readonly cut: Cut;
  readonly complaints: readonly string[];
}

export interface StatesReport {
  readonly states: number;
  /** Of them, those that differ: the others are the same disk after the same acknowledgements, and are checked once. */
  readonly distinct: number;
  readonly cuts: Readonly<Record<Cut, number>>;
  readonly realStarts: number;
  readonly failures: readonly Failure[];
}

/** Checks disks after every prefix of a recording. The same order gives the same states. */
export async function checkStates(recording: Recording, order: StatesOrder): Promise<StatesReport> {
  const { root, before, changes } = recording;
  const { seed, states, part, of, scratch, realEvery, maxFailures } = order;
  const disk = new Disk(root, before);
  disk.adopt(before.inodes);
  const checker = new Checker();
  /** Disks that were checked, with what had been acknowledged then: the same again has the same answer. */
  const seen = new Set<string>();
  const cuts: Record<Cut, number> = { all: 0, none: 0, ordered: 0, worst: 0 };
  const failures: Failure[] = [];
  let acknowledged: Facts | undefined;
  let [checked, realStarts, state, told] = [0, 0, 0, 0];
  for (let prefix = 0; prefix <= changes.length && failures.length < maxFailures; prefix++) {
    const change = prefix === 0 ? undefined : changes[prefix - 1];
    if (change) disk.apply(change);
    if (change?.kind === 'mark' && change.text.startsWith('{')) {
      acknowledged = JSON.parse(change.text) as Facts;
      told += 1;
    }
    const end = Math.floor(((prefix + 1) * states) / (changes.length + 1));
    for (let nth = 0; state < end; nth++, state++) {
      if (state % of !== part) continue;
      const cut = cutOf(nth, prefix);
      const snapshot = disk.cut(cut, new Dice(mixSeed(seed, state)));
      cuts[cut] += 1;
      checked += 1;
      // Starts of the real program take long: each part has its share.
      const isReal = realEvery > 0 && state % realEvery === Math.floor(state / realEvery) % of;
      const key = `${told} ${keyOf(snapshot)}`;
      if (seen.has(key) && !isReal) continue;
      seen.add(key);
      const data = join(scratch, 'state');
      place(snapshot, data);
      const complaints = await checker.complaints(data, acknowledged);
      if (complaints.length === 0 && isReal) {
        place(snapshot, data);
        complaints.push(...(await startsForReal(data)));
        complaints.push(...(await checker.complaints(data, acknowledged)));
        realStarts += 1;
      }
      if (complaints.length > 0) failures.push({ state, prefix, cut, complaints });
      if (failures.length >= maxFailures) break;
    }
  }
  return { states: checked, distinct: seen.size, cuts, realStarts, failures };
}

/** Of each prefix the first states are the plain ones; where there is room for one alone, they take turns. */
function cutOf(nth: number, prefix: number): Cut {
  const order: readonly Cut[] = ['none', 'all', 'worst', 'ordered'];
  if (nth < 2) return order[(nth + prefix) % 4] ?? 'none';
  if (nth < 4) return order[(nth + prefix) % 4] ?? 'none';
  return nth % 2 === 0 ? 'worst' : 'ordered';
}

function place(snapshot: Snapshot, data: string): void {
  rmSync(data, { recursive: true, force: true });
  const { folder } = foldersOf(data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  materialise(snapshot, folder);
}

/** A disk by its names and the contents of its files, in 64 bits. */
function keyOf({ files, folders }: Snapshot): string {
  let [one, two] = [folders.size, files.size];
  const mix = (word: number) => {
    one = Math.imul(one ^ word, 0x01000193);
    two = (Math.imul(two, 0x5bd1e995) + word) ^ (two >>> 15);
  };
  for (const [path, bytes] of files) {
    for (let at = 0; at < path.length; at++) mix(path.charCodeAt(at));
    mix(bytes.length);
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(bytes);
    const words = new Int32Array(aligned.buffer, aligned.byteOffset, bytes.length >> 2);
    for (let at = 0; at < words.length; at++) mix(words[at] ?? 0);
    for (let at = bytes.length & ~3; at < bytes.length; at++) mix(bytes[at] ?? 0);
  }
  return `${one} ${two}`;
}

/** `vestibule run` on a state: it comes up without a word from anybody, and goes down in good order. */
async function startsForReal(data: string): Promise<string[]> {
  mkdirSync(join(data, 'inbox'), { recursive: true });
  const daemon = new Part(agentMain, 'run', '--data', data, '--json').start();
  try {
    await daemon.said('started', 120_000);
    await daemon.stop();
    return readdirSync(foldersOf(data).folder).includes('ledger.db') ? [] : ['the real program made no ledger'];
  } catch (error) {
    return [`the real program does not come up: ${error instanceof Error ? error.message : ''}`];
  } finally {
    await daemon.kill9();
  }
}
