import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Last in line for the processor. */
const lowest = 19;

/** Five steps nicer than the main thread, which has to answer `procedure start` at once. */
export function lowerOwnPriority(): void {
  const thread = Number(readlinkSync('/proc/thread-self').split('/').pop());
  // A thread begins as the one that began it: the process may have been started nicer already.
  setPriority(thread, Math.min(lowest, getPriority(process.pid) + 5));
}
