import { Dice, mixSeed } from '../../harness/random.ts';
import type { SeedFile } from './corpus.ts';
import { generate } from './generate.ts';
import { mutate } from './mutate.ts';
import type { Target } from './targets.ts';

/** One of so many inputs is made by fast-check from nothing; the others are damaged files. */
const generatedOnceIn = 5;

export interface Input {
  readonly seed: SeedFile;
  readonly bytes: Buffer;
}

/** The input of one run: the same for the same seed, target and corpus. */
export function inputOf(targets: readonly Target[], at: number, seed: number, index: number): Input {
  const own = mixSeed(seed, at, index);
  const dice = new Dice(own);
  const target = targets[at] as Target;
  const isBinary = target.isBinary === true;
  const file = dice.pick(target.seeds);
  if (dice.once(generatedOnceIn * (isBinary ? 10 : 1))) return { seed: file, bytes: generate(own) };
  const other = dice.pick(dice.pick(targets).seeds);
  return {
    seed: file,
    bytes: mutate(dice, Buffer.from(file.base64, 'base64'), Buffer.from(other.base64, 'base64'), isBinary),
  };
}
