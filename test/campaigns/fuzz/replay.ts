import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Failure } from './crew.ts';
import type { Input } from './input.ts';
import { type Target, targetsOf } from './targets.ts';
import { judge, type Verdict } from './verdict.ts';

/** An input that failed, with what it was given to. Synthetic or damaged sample bytes: no patient's. */
interface Replay {
  readonly target: string;
  readonly seed: number;
  readonly index: number;
  readonly failure: string;
  readonly path: string;
  readonly base64: string;
}

/** Saves an input for `scripts/campaign fuzz --replay FILE`; returns where. */
export function saveReplay(
  targets: readonly Target[],
  { target, seed, index, failure }: Failure,
  input: Input,
): string {
  const name = targets[target]?.name ?? '';
  const file = join(tmpdir(), `vestibule-fuzz-${name.replaceAll(' ', '-')}-${seed}-${index}.json`);
  const replay: Replay = {
    target: name,
    seed,
    index,
    failure,
    path: input.seed.path,
    base64: input.bytes.toString('base64'),
  };
  writeFileSync(file, JSON.stringify(replay));
  return file;
}

/** Runs a saved input again, here: one that hangs hangs, and can be looked at with a debugger. */
export async function replay(
  file: string,
): Promise<{ readonly target: string; readonly bytes: number; readonly verdict: Verdict }> {
  const saved = JSON.parse(readFileSync(file, 'utf8')) as Replay;
  const bytes = Buffer.from(saved.base64, 'base64');
  const kind = saved.target.split(' ').at(-1) ?? '';
  const seed = { path: saved.path, base64: saved.base64 };
  const one = { [kind]: [seed] };
  const target = targetsOf({ from: [], files: one, archives: one }).find(({ name }) => name === saved.target);
  if (!target) throw new Error(`there is no target “${saved.target}” any more`);
  try {
    await target.run(bytes, seed);
    return { target: saved.target, bytes: bytes.length, verdict: { outcome: 'accepted' } };
  } catch (error) {
    return { target: saved.target, bytes: bytes.length, verdict: judge(error) };
  }
}
