import { readdirSync, readFileSync } from 'node:fs';

/** Processor time in milliseconds that threads of this process with a name have used; undefined when there is none. */
export function threadMs(name: string): number | undefined {
  const times = readdirSync('/proc/self/task').flatMap((thread) => {
    try {
      const folder = `/proc/self/task/${thread}`;
      if (readFileSync(`${folder}/comm`, 'utf8').trim() !== name) return [];
      return [Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]) / 1e6];
    } catch {
      // The thread ended between the listing and the look.
      return [];
    }
  });
  return times.length === 0 ? undefined : times.reduce((sum, ms) => sum + ms, 0);
}
