import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import type { Clock } from './clock.ts';

export interface LogFileLimits {
  /** A file larger than this is put aside. Bytes. */
  readonly maxBytes: number;
  /** So many that were put aside are kept: `NAME.1` is the newest. */
  readonly keep: number;
}

interface LogFileOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly limits?: LogFileLimits;
}

/** 32 MiB in all: months of a quiet appliance, and nothing beside a case. */
export const defaultLogLimits: LogFileLimits = { maxBytes: 8 * 1024 * 1024, keep: 3 };

/**
 * A log that cannot fill the disk: lines go to one file, which is put aside when it is full; of those put aside only the
 * newest are kept. Synchronous, so that the last line before a crash is there. A disk that refuses a line costs that
 * line and stops nobody: the next one that is written is preceded by how many were lost.
 */
export class LogFile {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #limits: LogFileLimits;
  #fd: number | undefined;
  #bytes = 0;
  #lost = 0;

  constructor(path: string, { clock, limits = defaultLogLimits }: LogFileOptions) {
    this.#path = path;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Fails at once where nothing can ever be written. */
  open(): this {
    this.#fd ??= this.#opened();
    return this;
  }

  /** Takes one line with its end. Never throws. */
  write(line: string): void {
    const text = this.#lost > 0 ? this.#lostLine() + line : line;
    try {
      this.#fd ??= this.#opened();
      if (this.#bytes > 0 && this.#bytes + Buffer.byteLength(text) > this.#limits.maxBytes) this.#turn(this.#fd);
      this.#append(text);
      this.#lost = 0;
    } catch {
      this.#lost += 1;
    }
  }

  #lostLine(): string {
    const time = this.#clock.now().toISOString();
    return `${JSON.stringify({ level: 40, time, lost: this.#lost, msg: 'lines could not be written' })}\n`;
  }

  #opened(): number {
    const fd = openSync(this.#path, 'a', 0o600);
    this.#bytes = fstatSync(fd).size;
    return fd;
  }

  #append(line: string): void {
    const bytes = Buffer.from(line);
    for (let written = 0; written < bytes.length; ) {
      const more = writeSync(this.#fd ?? -1, bytes, written);
      written += more;
      this.#bytes += more;
    }
  }

  /** Puts the full file aside. When that fails it goes on growing no further: lines are lost and counted. */
  #turn(fd: number): void {
    for (let n = this.#limits.keep; n > 0; n--) {
      const from = n === 1 ? this.#path : `${this.#path}.${n - 1}`;
      try {
        renameSync(from, `${this.#path}.${n}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    this.#fd = undefined;
    closeSync(fd);
    this.#fd = this.#opened();
  }
}
