import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import type { Damage } from '../study.ts';
import type { Survey } from '../survey.ts';
import type { Warnings } from '../warnings.ts';

/** More damaged files than this are counted, not described. */
const maxDamaged = 100;

/**
 * One reading of one export: what its readers share. With `stopAtDamage` a damaged file ends it; otherwise the file is
 * gone past, told of, and the next one goes on.
 */
export class Reading {
  readonly survey: Survey;
  readonly checkpoint: Checkpoint;
  readonly warnings: Warnings;
  readonly damaged: Damage[] = [];
  readonly #stopAtDamage: boolean;

  constructor(deps: {
    readonly survey: Survey;
    readonly checkpoint: Checkpoint;
    readonly warnings: Warnings;
    readonly stopAtDamage: boolean;
  }) {
    this.survey = deps.survey;
    this.checkpoint = deps.checkpoint;
    this.warnings = deps.warnings;
    this.#stopAtDamage = deps.stopAtDamage;
  }

  /** What `read` resolves to, or undefined when the file is damaged. Anything but a CartoError goes through. */
  async attempt<T>(kind: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof CartoError) || this.#stopAtDamage) throw error;
      this.warnings.add('damaged-file', kind);
      if (this.damaged.length < maxDamaged) this.damaged.push(damageOf(error, kind));
      return undefined;
    }
  }
}

function damageOf({ code, line, message }: CartoError, kind: string): Damage {
  return { code, kind, ...(line === undefined ? {} : { line }), message };
}
