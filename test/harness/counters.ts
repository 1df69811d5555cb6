import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { codeOf } from '../../core/errors.ts';

/** What the kernel counted for a process and all its descendants. */
export interface Counters {
  readonly processes: number;
  /** Bytes through read and write calls, files and sockets alike. */
  readonly rchar: number;
  readonly wchar: number;
  readonly syscalls: number;
  /** Bytes sent to the block layer. */
  readonly writeBytes: number;
  /** User and system time in clock ticks (10 ms). */
  readonly ticks: number;
  readonly rssBytes: number;
}

/** Adds up `/proc/PID/io`, `/proc/PID/stat` and `/proc/PID/statm` over a process tree. */
export function countersOf(pid: number): Counters {
  for (let tries = 1; ; tries++) {
    try {
      return countedOf(pid);
    } catch (error) {
      // A process of the tree ended between the listing and the look.
      if (tries === 5 || !['ENOENT', 'ESRCH'].includes(codeOf(error) ?? '')) throw error;
    }
  }
}

function countedOf(pid: number): Counters {
  const pids = [pid, ...descendants(pid)];
  const sum = { processes: pids.length, rchar: 0, wchar: 0, syscalls: 0, writeBytes: 0, ticks: 0, rssBytes: 0 };
  for (const one of pids) {
    const io = Object.fromEntries(
      readFileSync(`/proc/${one}/io`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(': ') as [string, string]),
    );
    const stat = statOf(one);
    sum.rchar += Number(io.rchar);
    sum.wchar += Number(io.wchar);
    sum.syscalls += Number(io.syscr) + Number(io.syscw);
    sum.writeBytes += Number(io.write_bytes);
    sum.ticks += Number(stat[11]) + Number(stat[12]);
    sum.rssBytes += Number(readFileSync(`/proc/${one}/statm`, 'utf8').split(' ')[1]) * 4096;
  }
  return sum;
}

/** The fields of `/proc/PID/stat` after the command name: [0] is the state, [1] the parent. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function descendants(pid: number): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (Number(statOf(Number(name))[1]) === pid) found.push(Number(name), ...descendants(Number(name)));
    } catch {
      // The process ended between the listing and the look.
    }
  }
  return found;
}

/** An internet socket that a process has open. */
export interface OpenSocket {
  readonly protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6';
  readonly localPort: number;
  readonly remotePort: number;
  /** `01` established, `0A` listening, as in /proc/net/tcp. */
  readonly state: string;
}

/** Every TCP and UDP socket that a process holds, from /proc. */
export function socketsOf(pid: number): OpenSocket[] {
  const inodes = new Set<string>();
  for (const handle of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const match = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${handle}`));
      if (match?.[1]) inodes.add(match[1]);
    } catch {
      // Closed meanwhile.
    }
  }
  return (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap((protocol) =>
    readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((field) => inodes.has(field[9] ?? ''))
      .map((field) => ({
        protocol,
        localPort: portOf(field[1]),
        remotePort: portOf(field[2]),
        state: field[3] ?? '',
      })),
  );
}

function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(':')[1] ?? '0', 16);
}
