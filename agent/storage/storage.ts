import { readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSize } from '../../core/files.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';
import type { Log } from '../../core/log.ts';
import { Ballast } from './ballast.ts';
import { availableBytes, budgetOf, nextSpaceState, type Space, type SpaceLimits, type SpaceState } from './space.ts';

export interface StorageDeps {
  readonly folders: { readonly cases: string; readonly ledger: string; readonly ballast: string };
  readonly limits: SpaceLimits;
  readonly log: Log;
  /** What the store takes by the ledger's word, until the folder has been measured. */
  readonly presumedBytes: number;
  /** The store became full, or has room again. */
  readonly onChange: (state: SpaceState, status: StorageStatus) => void;
  /** A case does not fit: what is here without being owed has to go (`isPressed`). */
  readonly onWanted: () => void;
}

export interface StorageStatus extends Space {
  readonly state: SpaceState;
  /** All that the store may take now. */
  readonly budgetBytes: number;
}

/**
 * How much the case store takes and may take. Counted from the disk at start, kept up with what is sealed and released,
 * and compared with the disk at every question, so that space which others take or give back counts too.
 */
export class Storage {
  readonly #deps: StorageDeps;
  readonly #ballast: Ballast;
  #casesBytes: number;
  #state: SpaceState = 'room';
  #isWanted = false;

  constructor(deps: StorageDeps) {
    this.#deps = deps;
    this.#casesBytes = deps.presumedBytes;
    this.#ballast = new Ballast(deps.folders.ballast, deps.log);
  }

  /** Counts what is there. Bulk work: passes `checkpoint` before each file. */
  async measure(checkpoint: Checkpoint): Promise<void> {
    const { folders } = this.#deps;
    await checkpoint();
    let bytes = 0;
    for (const name of readdirSync(folders.cases)) {
      await checkpoint();
      bytes += fileSize(join(folders.cases, name));
    }
    this.#casesBytes = bytes;
    await this.availableBytes();
  }

  added(bytes: number): void {
    this.#casesBytes += bytes;
  }

  removed(bytes: number): void {
    this.#casesBytes = Math.max(0, this.#casesBytes - bytes);
  }

  /** The ledger could not grow: what was put by for that is given to it. */
  diskFull(): void {
    this.#ballast.lift();
  }

  /** Space is needed: the store is full, or a case that could be taken waits for room. */
  get isPressed(): boolean {
    return this.#state === 'full' || this.#isWanted;
  }

  /** Space was given back for whoever waits: true when somebody did, who has to ask again now. */
  answerWanted(): boolean {
    const wasWanted = this.#isWanted;
    this.#isWanted = false;
    return wasWanted;
  }

  /** Looks at the disk, and says so when the store became full or has room again. */
  async look(): Promise<StorageStatus> {
    const { folders, limits, log, onChange } = this.#deps;
    const { bavail, bsize } = await statfs(folders.cases);
    const ledgerBytes = fileSize(folders.ledger) + fileSize(`${folders.ledger}-wal`);
    const space = { usedBytes: this.#casesBytes + ledgerBytes, freeBytes: bavail * bsize };
    const state = nextSpaceState(this.#state, space, limits);
    const status = { ...space, state, budgetBytes: budgetOf(space, limits) };
    if (state !== this.#state) {
      this.#state = state;
      log.warn({ state, ...space }, state === 'full' ? 'the store is full, intake holds' : 'the store has room again');
      onChange(state, status);
    }
    return status;
  }

  /** What may still be taken now; 0 while the store is full. For whoever takes something in, behind the gate. */
  async availableBytes(): Promise<number> {
    const { state, ...space } = await this.look();
    if (state === 'room') this.#ballast.lay(space.freeBytes);
    return state === 'full' ? 0 : availableBytes(space, this.#deps.limits);
  }

  /**
   * Whether so many bytes may be taken in now, as `availableBytes`. If not, and if an empty store could hold them, room
   * is wanted until it has been given.
   */
  async hasRoomFor(bytes: number): Promise<boolean> {
    const hasRoom = (await this.availableBytes()) >= bytes;
    const isNew = !hasRoom && !this.#isWanted && bytes <= (await this.look()).budgetBytes;
    if (isNew) {
      this.#isWanted = true;
      this.#deps.onWanted();
    }
    return hasRoom;
  }
}
