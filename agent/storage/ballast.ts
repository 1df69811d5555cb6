import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { writeFileDurable } from '../../core/files.ts';
import { describe, type Log } from '../../core/log.ts';

/** Enough for the ledger to record some receipts and releases. */
export const ballastBytes = 1024 * 1024;

/**
 * A file of no use but its size. When others have filled the disk to the last byte it is given up, so that the ledger
 * can still record the receipts and releases that give space back.
 */
export class Ballast {
  readonly #path: string;
  readonly #log: Log;
  #isLaid: boolean | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Puts it by, once, where there is plenty of room for it. */
  lay(freeBytes: number): void {
    this.#isLaid ??= existsSync(this.#path);
    if (this.#isLaid || freeBytes < 8 * ballastBytes) return;
    try {
      writeFileDurable(this.#path, randomBytes(ballastBytes));
      this.#isLaid = true;
    } catch (error) {
      this.#log.warn({ error: describe(error) }, 'no space could be put by for the ledger');
    }
  }

  lift(): void {
    if (this.#isLaid === false) return;
    rmSync(this.#path, { force: true });
    this.#isLaid = false;
    this.#log.warn({ bytes: ballastBytes }, 'the disk is full: what was put by is given to the ledger');
  }
}
