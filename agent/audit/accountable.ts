import type { Clock } from '../../core/clock.ts';
import { describe, type Log } from '../../core/log.ts';
import type { AuditBy } from '../../protocol/audit.ts';
import type { ControlRequest } from '../../protocol/control.ts';
import type { Ledger } from '../../uploader/index.ts';
import type { AuditLog } from './audit-log.ts';
import type { AuditWish } from './stamp.ts';
import { verbRecords } from './verb-records.ts';

/** What a verb is given beside its request. */
export interface Account {
  readonly by: AuditBy;
  /** The ledger whose changes are stored together with this verb's record. */
  readonly ledger: Ledger;
  /** Stores the record by itself, with what only the verb knows. */
  record(more?: Pick<AuditWish, 'id' | 'evidence'>): Promise<void>;
}

type Verb = ControlRequest['verb'];
export type AccountableVerbs = {
  readonly [Name in Verb]: (request: Extract<ControlRequest, { verb: Name }>, account: Account) => unknown;
};
export type AnsweringVerbs = {
  readonly [Name in Verb]: (request: Extract<ControlRequest, { verb: Name }>, by: AuditBy) => unknown;
};

interface Deps {
  readonly audit: AuditLog;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The verbs, each with its record: nothing that changes state is done without one, and what was refused is recorded as
 * well. The table says how.
 */
export function accountable(verbs: AccountableVerbs, deps: Deps): AnsweringVerbs {
  const refusals = new Refusals(deps);
  const entries = (Object.keys(verbs) as Verb[]).map((name) => {
    const verb = verbs[name] as (request: ControlRequest, account: Account) => unknown;
    const answer = async (request: ControlRequest, by: AuditBy): Promise<unknown> => {
      const bill = new Bill(deps, request, by);
      try {
        if (bill.when === 'before') await bill.record();
        const result = await verb(request, bill);
        if (bill.when === 'step' && !bill.isPaid) await bill.record();
        return result;
      } catch (error) {
        if (bill.when) await refusals.note(request, by, error);
        throw error;
      }
    };
    return [name, answer];
  });
  return Object.fromEntries(entries) as AnsweringVerbs;
}

/** The account of one request. */
class Bill implements Account {
  readonly by: AuditBy;
  readonly when: 'step' | 'before' | 'verb' | undefined;
  readonly #deps: Deps;
  readonly #wish: AuditWish | undefined;
  isPaid = false;

  constructor(deps: Deps, request: ControlRequest, by: AuditBy) {
    this.#deps = deps;
    this.by = by;
    const kind = verbRecords[request.verb];
    if (kind === 'reads') return;
    this.when = kind.when;
    this.#wish = { action: kind.action, ...by, ...kind.of?.(request as never) };
  }

  get ledger(): Ledger {
    if (!this.#wish) return this.#deps.ledger;
    this.isPaid = true;
    return this.#deps.audit.alongside(this.#wish);
  }

  async record(more: Pick<AuditWish, 'id' | 'evidence'> = {}): Promise<void> {
    if (!this.#wish) return;
    this.isPaid = true;
    await this.#deps.audit.record({ ...this.#wish, ...more });
  }
}

/** So many refusals are recorded in an hour; the rest is counted, so that nobody fills the disk by asking. */
const refusalsAnHour = 60;
const hourMs = 3_600_000;

class Refusals {
  readonly #deps: Deps;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #leftOut = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A refusal that cannot be recorded is logged: the answer is a refusal all the same. */
  async note(request: ControlRequest, by: AuditBy, error: unknown): Promise<void> {
    const { clock, audit, log } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#sinceMs > hourMs) {
      this.#sinceMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > refusalsAnHour) {
      this.#leftOut += 1;
      return;
    }
    const leftOut = this.#leftOut > 0 ? { leftOut: this.#leftOut } : {};
    this.#leftOut = 0;
    const evidence = { verb: request.verb, code: describe(error).code ?? 'FAILED', ...leftOut };
    await audit
      .record({ action: 'refused', ...by, ...subjectOf(request), evidence })
      .catch((failure: unknown) => log.error({ error: describe(failure) }, 'refusal not recorded'));
  }
}

function subjectOf(request: ControlRequest): { readonly subject?: string } {
  return 'caseId' in request ? { subject: request.caseId } : {};
}
