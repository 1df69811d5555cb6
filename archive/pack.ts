import type { PseudonymisedFile } from '../carto/index.ts';
import type { Tier } from '../protocol/ids.ts';
import type { DeltaPlan } from './delta.ts';

/** So much work is a pack: enough that its last chunk, which is not full, costs little; little enough to be divided well. */
const maxPackBytes = 4 << 20;
const maxPackFiles = 64;

/** Files of one kind that share chunks, and the archives (by their place in the order) that all of them go into. */
export interface Pack {
  readonly files: readonly PseudonymisedFile[];
  readonly archives: readonly number[];
}

interface Wanted {
  readonly tier: Tier;
  readonly delta?: DeltaPlan | undefined;
}

/**
 * Which files share chunks: what is alike compresses together, so those of one kind; and what several archives hold is
 * read, compressed and hashed once for all of them, so those of the same archives. A pack ends after some
 * MiB of source: packs can be made in any order, by anyone, and their bytes are the same. Order is kept otherwise.
 */
export function planPacks(files: readonly PseudonymisedFile[], wanted: readonly Wanted[]): readonly Pack[] {
  const unchanged = wanted.map(({ delta }) => new Set(delta?.unchanged.map(({ name }) => name)));
  const archivesOf = ({ name, tiers }: PseudonymisedFile) =>
    wanted.flatMap(({ tier }, at) => (tiers.includes(tier) && !unchanged[at]?.has(name) ? [at] : []));
  const groups = Map.groupBy(files, (file) => `${archivesOf(file).join()} ${file.kind}`);
  return [...groups.values()].flatMap((group) => {
    const archives = group[0] ? archivesOf(group[0]) : [];
    return archives.length === 0 ? [] : divided(group).map((some) => ({ files: some, archives }));
  });
}

/** Runs of files of a pack's worth together, or of one file that is larger. */
function divided(files: readonly PseudonymisedFile[]): PseudonymisedFile[][] {
  const packs: PseudonymisedFile[][] = [];
  let bytes = 0;
  for (const file of files) {
    bytes += file.sourceBytes;
    const open = packs.at(-1);
    if (open && open.length < maxPackFiles && bytes <= maxPackBytes) open.push(file);
    else {
      packs.push([file]);
      bytes = file.sourceBytes;
    }
  }
  return packs;
}
