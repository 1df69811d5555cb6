import { readFileSync } from 'node:fs';
import { codeOf } from '../../core/errors.ts';

/**
 * Names one process for good: boot, pid and start time (proc(5), field 22 of `stat`), so that a pid used again is not
 * taken for the process that had it before.
 */
export function stampOf(pid: number, bootId: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return afterName[0] === 'Z' ? undefined : `${bootId} ${pid} ${afterName[19]}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/** True while the process that a stamp names still runs. */
export function isRunning(stamp: string, bootId: string): boolean {
  return stampOf(Number(stamp.split(' ')[1]), bootId) === stamp;
}
