import { describe, type Log } from '../../core/log.ts';
import type { AuditAction } from '../../protocol/audit.ts';
import type { EvidenceLine, ProcedureStatus } from '../../protocol/control.ts';
import type { AuditLog } from './audit-log.ts';

type Seen = Pick<ProcedureStatus, 'state' | 'gate' | 'stuck'>;

/**
 * Records each decision about the gate. The gate waits for nobody: a record that cannot be stored is logged, and the
 * decision stands in the procedure's history, which is written first.
 */
export class GateRecords {
  readonly #audit: AuditLog;
  readonly #log: Log;
  #seen: Seen = { state: 'unknown', gate: 'closed' };

  constructor(audit: AuditLog, log: Log) {
    this.#audit = audit;
    this.#log = log;
  }

  note(status: ProcedureStatus): void {
    const before = this.#seen;
    this.#seen = status;
    const action = actionOf(before, status);
    if (!action) return;
    const evidence = { from: before.state, state: status.state, gate: status.gate, said: status.evidence.map(clean) };
    this.#audit.record({ action, actor: 'appliance', evidence }).catch((error: unknown) => {
      this.#log.error({ action, error: describe(error) }, 'gate decision not recorded');
    });
  }
}

/** What a change amounts to; undefined when nothing changed that is decided. */
export function actionOf(before: Seen, now: Seen): AuditAction | undefined {
  if (before.gate !== now.gate) return now.gate === 'open' ? 'gate-opened' : 'gate-closed';
  if (before.state !== now.state) return 'procedure-state';
  return now.stuck && !before.stuck ? 'gate-stuck' : undefined;
}

/** The words of a lease name its holder, which somebody typed: they stay here. */
function clean({ source, says, what, ageMs, effect }: EvidenceLine) {
  return { source, says, ...(source === 'leases' ? {} : { what }), ageMs, effect };
}
