import { type FSWatcher, watch } from 'chokidar';
import type { Gate } from '../../core/gate.ts';
import type { Log } from '../../core/log.ts';

interface Deps {
  readonly gate: Gate;
  readonly folders: readonly string[];
  readonly wake: () => void;
  readonly log: Log;
}

/**
 * Wakes the intake when something appears in an inbox. It exists only while the gate is open: watching lists and
 * stats folders, which is work and is registered as such until its first listing is done. What happens while the gate
 * is closed is found by the listing that follows each opening.
 */
export class InboxWatcher {
  readonly #deps: Deps;
  #watcher: FSWatcher | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Watches until `signal` aborts, which also cuts a listing short. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#closing;
    if (this.#watcher || signal.aborted) return;
    const { gate, folders, wake, log } = this.#deps;
    const listing = gate.work('inbox watch');
    const watcher = watch([...folders], { depth: 0, ignoreInitial: true, followSymlinks: false });
    this.#watcher = watcher;
    watcher.once('ready', () => listing.end());
    watcher.on('all', wake);
    watcher.on('error', () => log.warn('inbox watch failed, the regular look goes on'));
    const close = () => {
      if (this.#watcher === watcher) this.#watcher = undefined;
      this.#closing = watcher
        .close()
        .catch(() => {})
        .finally(() => listing.end());
    };
    signal.addEventListener('abort', close, { once: true });
  }

  /** Resolves when a watch that was ended has let go of its folders. */
  async closed(): Promise<void> {
    await this.#closing;
  }
}
