import type { Gate } from '../../core/gate.ts';
import { describe, type Log } from '../../core/log.ts';
import type { ExportStatus } from '../../protocol/control.ts';
import { type ExportDeps, type ExportOrder, exportLocally } from './local-export.ts';

interface Deps extends ExportDeps {
  readonly gate: Gate;
  readonly log: Log;
}

type Outcome = Omit<ExportStatus, 'gate'>;

/** Exports that people asked for, one at a time for a case; each is registered work behind the gate. */
export class Exports {
  readonly #deps: Deps;
  readonly #stop = new AbortController();
  readonly #outcomes = new Map<string, Outcome>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Begins, unless one of the same case is under way. */
  begin(order: ExportOrder): void {
    if (this.#running.has(order.caseId)) return;
    this.#outcomes.set(order.caseId, { state: 'working' });
    const running = this.#run(order).finally(() => this.#running.delete(order.caseId));
    this.#running.set(order.caseId, running);
  }

  status(caseId: string): Outcome {
    return this.#outcomes.get(caseId) ?? { state: 'none' };
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    await Promise.all(this.#running.values());
  }

  async #run(order: ExportOrder): Promise<void> {
    const { gate, log } = this.#deps;
    const { caseId } = order;
    using work = gate.work('export');
    try {
      const exported = await exportLocally(order, this.#deps, () => work.pass(this.#stop.signal));
      this.#outcomes.set(caseId, { state: 'done', exported });
      log.info({ caseId, form: order.form, files: exported.files, bytes: exported.bytes }, 'case exported');
    } catch (error) {
      log.warn({ caseId, error: describe(error) }, 'case not exported');
      const { code = 'FAILED', message = 'it failed', hint } = describe(error);
      const told = { code, message, ...(hint === undefined ? {} : { hint }) };
      this.#outcomes.set(caseId, { state: 'failed', error: told });
    }
  }
}
