import { realpathSync, statSync } from 'node:fs';
import { describe, type Log } from '../../../core/log.ts';
import { type FolderWatch, LocalWatch, type WatchDeps } from './local-watch.ts';
import { isWithin, type Place, placeOf } from './mounts.ts';
import { ShareWatch } from './share-watch.ts';

interface Deps extends Omit<WatchDeps, 'onFault'> {
  readonly name: string;
  readonly log: Log;
  readonly mountinfo: () => string;
  readonly inboxes: readonly string[];
  readonly mustBeShare: boolean;
  readonly everyMs: number;
  readonly onChange: () => void;
}

/** One folder: watched as its file system allows, while it lies where it lay when it was first seen. */
export class WatchedFolder {
  readonly name: string;
  readonly #deps: Deps;
  /** The mount on which it was first seen. */
  #place: Place | undefined;
  /** The folder itself, where asking for it cannot hang. */
  #inode: string | undefined;
  #watch: FolderWatch | undefined;
  #fault: string | undefined = 'is not watched yet';

  constructor(deps: Deps) {
    this.#deps = deps;
    this.name = deps.name;
  }

  /** Why it cannot be seen, in words; undefined when it can. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Looks where it lies now and begins to watch it when that is right. A share is told by the kernel's table alone. */
  check(): void {
    const { folder, mountinfo, log } = this.#deps;
    try {
      const place = placeOf(folder, mountinfo());
      const missing = this.#missing(place);
      if (missing !== undefined || !place) {
        this.#unwatch(missing ?? 'is not there');
        return;
      }
      const inode = place.isNetwork ? undefined : inodeOf(folder);
      if (this.#watch && this.#place?.id === place.id && inode === this.#inode) return;
      this.#begin(place, inode);
    } catch (error) {
      if (this.#fault !== 'cannot be read') log.warn({ error: describe(error) }, `${this.name} cannot be read`);
      this.#unwatch('cannot be read');
    }
  }

  async stop(): Promise<void> {
    await this.#watch?.stop();
  }

  /** Why what lies there is not what the site means: a share is gone, or something else is mounted in its place. */
  #missing(place: Place | undefined): string | undefined {
    if (place?.isNetwork) return undefined;
    if (!place || this.#deps.mustBeShare || this.#place?.isNetwork) return 'is not mounted';
    return this.#place && this.#place.id !== place.id ? 'is not what it was' : undefined;
  }

  #begin(place: Place, inode: string | undefined): void {
    const { everyMs, onReady, onGrowth } = this.#deps;
    this.#unwatch('is not listed yet');
    const folder = place.isNetwork ? this.#deps.folder : this.#real(this.#deps.folder);
    const mine = {
      folder,
      onReady: () => {
        if (this.#watch !== watch) return;
        this.#setFault(undefined);
        onReady();
      },
      onGrowth: (bytes: number) => this.#watch === watch && onGrowth(bytes),
      // A share goes on asking; a watch on a disk is begun anew at the next check.
      onFault: (what: string) => {
        if (this.#watch !== watch) return;
        if (place.isNetwork) this.#setFault(what);
        else this.#unwatch(what);
      },
    };
    const watch = place.isNetwork ? new ShareWatch(mine, everyMs) : new LocalWatch(mine);
    this.#watch = watch;
    this.#place = place;
    this.#inode = inode;
    watch.start();
  }

  /** The folder behind links; throws when one of them leads to an inbox. */
  #real(folder: string): string {
    const real = realpathSync(folder);
    if (this.#deps.inboxes.some((inbox) => isWithin(real, inbox) || isWithin(inbox, real))) {
      throw new Error('an activity folder leads to an inbox');
    }
    return real;
  }

  #unwatch(fault: string): void {
    void this.#watch?.stop();
    this.#watch = undefined;
    this.#setFault(fault);
  }

  #setFault(what: string | undefined): void {
    if (this.#fault === what) return;
    this.#fault = what;
    this.#deps.onChange();
  }
}

function inodeOf(folder: string): string {
  const { dev, ino } = statSync(folder);
  return `${dev} ${ino}`;
}
