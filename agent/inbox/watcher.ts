import { type FSWatcher, watch } from 'chokidar';
import type { Log } from '../../core/log.ts';

/**
 * Wakes the intake when something appears in an inbox. It exists only while the gate is open: watching lists and
 * stats folders, which is work. What happens while it is closed is found by the listing that follows each opening.
 */
export class InboxWatcher {
  readonly #folders: readonly string[];
  readonly #wake: () => void;
  readonly #log: Log;
  #watcher: FSWatcher | undefined;

  constructor(deps: { readonly folders: readonly string[]; readonly wake: () => void; readonly log: Log }) {
    this.#folders = deps.folders;
    this.#wake = deps.wake;
    this.#log = deps.log;
  }

  open(): void {
    if (this.#watcher) return;
    this.#watcher = watch([...this.#folders], { depth: 0, ignoreInitial: true, followSymlinks: false });
    this.#watcher.on('all', () => this.#wake());
    this.#watcher.on('error', () => this.#log.warn('inbox watch failed, the regular look goes on'));
  }

  async close(): Promise<void> {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    await watcher?.close();
  }
}
