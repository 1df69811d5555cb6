import { codeOf } from '../../core/errors.ts';
import type { Gate, Work } from '../../core/gate.ts';
import { describe, type Log } from '../../core/log.ts';
import type { PasswordSource } from '../intake-config.ts';
import { isLocked, mayBeWrongPassword, PasswordError } from './password-error.ts';
import { passwordsOf } from './source.ts';

/** What became of a password that a person typed: it was not tried yet, it opened the container, or it did not. */
export type Attempt = 'waiting' | 'opened' | 'wrong';

interface Deps {
  readonly gate: Gate;
  readonly log: Log;
  readonly sources: readonly PasswordSource[];
}

interface Known {
  readonly password?: string;
  readonly attempt?: Attempt;
}

/**
 * The passwords of locked containers: one that a person typed for a case, and those of the site's sources. They are in
 * the memory of this object and nowhere else: a typed one until its case is sealed or proves it wrong, the others while
 * they are tried. A daemon that starts again knows none.
 */
export class Passwords {
  readonly #deps: Deps;
  readonly #known = new Map<string, Known>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A person typed a password for a case; it is tried when the case is read next. */
  offer(caseId: string, password: string): void {
    this.#known.set(caseId, { password, attempt: 'waiting' });
  }

  /** What became of the password typed last, or undefined when none was typed since the start. */
  attempt(caseId: string): Attempt | undefined {
    return this.#known.get(caseId)?.attempt;
  }

  /** The case is sealed, or cannot go on as it is: its password is needed no more. */
  forget(caseId: string): void {
    const { attempt } = this.#known.get(caseId) ?? {};
    if (attempt === undefined) this.#known.delete(caseId);
    else this.#known.set(caseId, { attempt });
  }

  /**
   * Runs `use` without a password, or with the one known for the case; when that does not open the container, with those
   * of the sources, one after the other. The one that opens it is kept for the next step of the case. Rejects with what
   * `use` rejected with, or NO_PASSWORD_FITS, or PASSWORD_SOURCE.
   */
  async open<T>(
    caseId: string,
    use: (password: string | undefined) => Promise<T>,
    work: Work,
    signal: AbortSignal,
  ): Promise<T> {
    const { password, attempt } = this.#known.get(caseId) ?? {};
    try {
      const result = await use(password);
      if (attempt !== undefined) this.#known.set(caseId, { ...this.#known.get(caseId), attempt: 'opened' });
      return result;
    } catch (error) {
      if (signal.aborted || !isLocked(codeOf(error))) throw error;
      if (attempt === undefined) this.#known.delete(caseId);
      else this.#known.set(caseId, { attempt: 'wrong' });
      return await this.#trySources(caseId, error, use, work, signal);
    }
  }

  async #trySources<T>(
    caseId: string,
    locked: unknown,
    use: (password: string) => Promise<T>,
    work: Work,
    signal: AbortSignal,
  ): Promise<T> {
    const { candidates, failure } = await this.#candidates(work, signal);
    let doubtful: unknown;
    for (const password of candidates) {
      try {
        const result = await use(password);
        this.#known.set(caseId, { ...this.#known.get(caseId), password });
        return result;
      } catch (error) {
        if (signal.aborted || !(isLocked(codeOf(error)) || mayBeWrongPassword(codeOf(error)))) throw error;
        if (!isLocked(codeOf(error))) doubtful ??= error;
      }
    }
    if (doubtful !== undefined || codeOf(locked) === 'WRONG_PASSWORD') throw doubtful ?? locked;
    if (failure !== undefined) throw failure;
    if (candidates.length === 0) throw locked;
    throw new PasswordError('NO_PASSWORD_FITS', 'no password of the site’s sources opens the container');
  }

  /** What all sources give, in their order; a source that fails is logged and left out. */
  async #candidates(work: Work, signal: AbortSignal) {
    const candidates = new Set<string>();
    let failure: unknown;
    for (const [at, source] of this.#deps.sources.entries()) {
      try {
        for (const password of await this.#read(source, work, signal)) candidates.add(password);
      } catch (error) {
        signal.throwIfAborted();
        failure ??= error;
        this.#deps.log.warn({ source: `intake.passwords.${at}`, error: describe(error) }, 'password source not used');
      }
    }
    return { candidates: [...candidates], failure };
  }

  /** A source is asked at an open gate alone; a command that the gate's closing ended is run again. */
  async #read(source: PasswordSource, work: Work, signal: AbortSignal): Promise<readonly string[]> {
    for (;;) {
      await work.pass(signal);
      const over = AbortSignal.any([signal, this.#deps.gate.whileOpen]);
      try {
        return await passwordsOf(source, over);
      } catch (error) {
        if (signal.aborted || !over.aborted) throw error;
      }
    }
  }
}
