import { type FSWatcher, watch } from 'chokidar';
import { deepest, mostFiles, Sizes } from './growth.ts';

/** How one folder is watched. Both ways read names and sizes, and never open a file. */
export interface FolderWatch {
  start(): void;
  stop(): Promise<void>;
}

export interface WatchDeps {
  readonly folder: string;
  /** The folder was listed once; what it holds until then is no growth. */
  readonly onReady: () => void;
  readonly onGrowth: (bytes: number) => void;
  /** It cannot be watched, in words. */
  readonly onFault: (what: string) => void;
}

/** A folder on a disk of this machine: the kernel reports its changes, nothing is polled. */
export class LocalWatch implements FolderWatch {
  readonly #deps: WatchDeps;
  readonly #sizes = new Sizes();
  #watcher: FSWatcher | undefined;
  #isReady = false;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { folder, onReady, onFault } = this.#deps;
    const watcher = watch(folder, {
      depth: deepest,
      followSymlinks: false,
      alwaysStat: true,
      ignorePermissionErrors: true,
    });
    this.#watcher = watcher;
    watcher.on('add', (path, stats) => this.#note(path, stats?.size ?? 0));
    watcher.on('change', (path, stats) => this.#note(path, stats?.size ?? 0));
    watcher.on('unlink', (path) => this.#sizes.gone(path));
    watcher.on('error', () => onFault('cannot be watched'));
    watcher.once('ready', () => {
      this.#isReady = true;
      onReady();
    });
  }

  async stop(): Promise<void> {
    await this.#watcher?.close();
  }

  #note(path: string, size: number): void {
    const bytes = this.#sizes.grown(path, size);
    if (this.#sizes.count > mostFiles) {
      this.#deps.onFault(`holds more than ${mostFiles} files`);
      void this.stop();
    } else if (this.#isReady) {
      this.#deps.onGrowth(bytes);
    }
  }
}
