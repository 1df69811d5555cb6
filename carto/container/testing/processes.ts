import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The processes that a process has begun and that are still there. Linux. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

/** One letter of the kernel's (`S` sleeps) and the clock ticks used so far, or undefined when it is gone. */
export function stateOf(pid: number): { readonly state: string; readonly ticks: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : { state: fields[0] ?? '', ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

/** Files of a folder that a process has open and that have no name any more, as paths that open. */
export function namelessFilesOf(pid: number | 'self', folder: string): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => `/proc/${pid}/fd/${fd}`)
    .filter((path) => {
      try {
        const target = readlinkSync(path);
        return target.startsWith(`${folder}/`) && target.endsWith(' (deleted)');
      } catch {
        return false;
      }
    });
}

/** Polls: there is no event for what another process does. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 3000) throw new Error(`${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
