import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { deepest, mostFiles, Sizes } from './growth.ts';

/** What the thread is told, and what it says after each listing. */
export interface PollOrder {
  readonly folder: string;
  readonly everyMs: number;
}
export type PollWord = { readonly grown: number } | { readonly fault: string };

class TooMany extends Error {}

/** Sizes of all files of a folder, names only, in no order. Throws TooMany. */
export function listing(folder: string, depth = deepest, found = new Map<string, number>()): Map<string, number> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 0) listing(path, depth - 1, found);
    if (!entry.isFile()) continue;
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size !== undefined) found.set(path, size);
    if (found.size > mostFiles) throw new TooMany();
  }
  return found;
}

/**
 * The thread in which a share is listed: calls to one that stopped answering never return, and must not hold up the
 * daemon or take the threads that its disk needs.
 */
async function pollOn({ folder, everyMs }: PollOrder, say: (word: PollWord) => void): Promise<never> {
  let sizes = new Sizes();
  for (;;) {
    try {
      const seen = new Sizes();
      let grown = 0;
      for (const [path, size] of listing(folder)) {
        grown += sizes.grown(path, size);
        seen.grown(path, size);
      }
      // Only what is still there: names that are gone must not be remembered for ever.
      sizes = seen;
      say({ grown });
    } catch (error) {
      say({ fault: error instanceof TooMany ? `holds more than ${mostFiles} files` : 'cannot be read' });
    }
    await sleep(everyMs);
  }
}

if (parentPort) {
  const port = parentPort;
  void pollOn(workerData as PollOrder, (word) => port.postMessage(word));
}
