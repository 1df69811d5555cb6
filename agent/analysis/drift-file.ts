import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { writeFileDurable } from '../../core/files.ts';
import { describe, type Log } from '../../core/log.ts';
import { type Drift, driftSchema } from '../../protocol/drift.ts';
import { counted, type SeenCase } from './drift.ts';

const fileSchema = z.strictObject({ v: z.literal(1), models: driftSchema, sentOn: z.iso.date().exactOptional() });
type Kept = z.infer<typeof fileSchema>;

/**
 * The counters on disk: written whole, fsynced, with each case. There is nothing in it that could be a patient's. A kill in
 * the moment after a case's findings were kept leaves that case out.
 */
export class DriftFile {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #log: Log;
  #kept: Kept | undefined;

  constructor(path: string, { clock, log }: { readonly clock: Pick<Clock, 'now'>; readonly log: Log }) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
  }

  get models(): Drift {
    return this.#read().models;
  }

  /** One case more. */
  note(seen: SeenCase): void {
    const { models, ...rest } = this.#read();
    this.#write({ ...rest, models: counted(models, seen, this.#today()) });
  }

  /**
   * The counters, once a day, for being sent: more often would tell when a procedure was. Undefined: they were sent today,
   * or there are none. A sample that is lost is made good by the next one, since counters only grow.
   */
  takeForToday(): Drift | undefined {
    const { models, sentOn } = this.#read();
    const today = this.#today();
    if (models.length === 0 || sentOn === today) return undefined;
    this.#write({ v: 1, models, sentOn: today });
    return models;
  }

  #today(): string {
    return this.#clock.now().toISOString().slice(0, 10);
  }

  /** Counters that cannot be read begin anew: their first day says so. */
  #read(): Kept {
    this.#kept ??= this.#stored();
    return this.#kept;
  }

  #stored(): Kept {
    if (!existsSync(this.#path)) return { v: 1, models: [] };
    try {
      return fileSchema.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
    } catch (error) {
      this.#log.warn({ part: 'analyst', error: describe(error) }, 'counters of the analysis begun anew');
      return { v: 1, models: [] };
    }
  }

  #write(kept: Kept): void {
    writeFileDurable(this.#path, JSON.stringify(fileSchema.parse(kept)));
    this.#kept = kept;
  }
}
