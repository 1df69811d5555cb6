import type { Work } from '../core/gate.ts';
import { type Entry, headOf } from './inbox/index.ts';
import type { IntakeConfig } from './intake-config.ts';
import type { Passwords } from './passwords/index.ts';
import type { Opening } from './seal/index.ts';
import type { Storage } from './storage/index.ts';

interface Deps {
  readonly passwords: Pick<Passwords, 'open' | 'forget'>;
  readonly caps: Pick<IntakeConfig, 'maxEntries' | 'maxBytes' | 'limits' | 'maxSpoolBytes'>;
  readonly storage: Pick<Storage, 'availableBytes' | 'hasRoomFor'>;
  readonly spoolFolder: string;
  /** The site's ceiling on what is read of an entry; absent: none. */
  readonly readBytesPerSecond?: number | undefined;
}

/** How the entry of a case is opened: within the site's caps, its quota and reserve, with the passwords there are. */
export class Opener {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Whether the disk can take the archives of an entry of this size, and what a container inside it has to be spooled. */
  async hasRoomFor(kind: Entry['kind'], bytes: number): Promise<boolean> {
    const spooled = kind === 'container' ? Math.min(bytes, this.#deps.caps.maxSpoolBytes) : 0;
    return this.#deps.storage.hasRoomFor(bytes + spooled);
  }

  /** Runs a job on an entry, with each password that may open it; see `Passwords.open`. Rejects when it is in use. */
  async open<T>(
    caseId: string,
    { kind, path }: Entry,
    job: (opening: Opening) => Promise<T>,
    work: Work,
    signal: AbortSignal,
  ): Promise<T> {
    await work.pass(signal);
    // A file that its writer still locks says so here, with the system's own code.
    if (kind === 'container') await headOf(path, 1);
    const opening = await this.#opening(path);
    const withPassword = (password: string | undefined) =>
      job(password === undefined ? opening : { ...opening, password });
    return this.#deps.passwords.open(caseId, withPassword, work, signal);
  }

  /** The case is sealed, or cannot go on as it is: what was remembered for opening it is not needed any more. */
  forget(caseId: string): void {
    this.#deps.passwords.forget(caseId);
  }

  async #opening(source: string): Promise<Opening> {
    const { caps, spoolFolder, readBytesPerSecond } = this.#deps;
    const { maxEntries, maxBytes: maxTotalBytes, limits, maxSpoolBytes } = caps;
    return {
      source,
      limits: { ...limits, maxEntries, maxTotalBytes },
      spoolFolder,
      ...(readBytesPerSecond === undefined ? {} : { readBytesPerSecond }),
      maxSpoolBytes: Math.min(maxSpoolBytes, await this.#deps.storage.availableBytes()),
    };
  }
}
