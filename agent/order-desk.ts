import { GatewayError } from '../core/errors.ts';
import type { Gate } from '../core/gate.ts';
import type { ControlRequest, ExportStatus } from '../protocol/control.ts';
import type { ApplianceCase } from '../protocol/documents.ts';
import type { Ledger } from '../uploader/index.ts';
import type { Account } from './audit/index.ts';
import { known } from './case-desk.ts';
import type { Exports } from './exports/index.ts';

/**
 * - `NOTHING_TO_RETRY`: the case is where it should be, or erased
 * - `ERASED`: the case was withdrawn
 */
export class OrderError extends GatewayError<'NOTHING_TO_RETRY' | 'ERASED'> {}

interface Deps {
  readonly gate: Gate;
  readonly ledger: Ledger;
  readonly exports: Pick<Exports, 'begin' | 'status'>;
  /** The intake has something new to look at. */
  readonly wakeIntake: () => void;
  /** The courier has, and what it had postponed is due now. */
  readonly hastenCourier: () => void;
  readonly wakeReleaser: () => void;
  /** A case was withdrawn: the ledger has it. */
  readonly onWithdrawn: (caseId: string) => void;
}

export type OrderVerb = 'case-hold' | 'case-retry' | 'case-withdraw' | 'case-export' | 'case-export-status';

type Orders = {
  readonly [Verb in OrderVerb]: (
    request: Extract<ControlRequest, { verb: Verb }>,
    account: Pick<Account, 'ledger'>,
  ) => unknown;
};

/** What people order of a case, over the control socket: noted down here, done elsewhere, behind the gate. */
export function orderDesk(deps: Deps): Orders {
  const { gate, ledger, exports, wakeIntake, hastenCourier, wakeReleaser, onWithdrawn } = deps;
  return {
    'case-hold': async ({ caseId }, account): Promise<ApplianceCase> => {
      known(ledger, caseId);
      await account.ledger.holdByPerson(
        caseId,
        `Kept back by a person. To let it go on: vestibule cases release ${caseId}`,
      );
      return known(ledger, caseId);
    },

    'case-retry': async ({ caseId }, account): Promise<ApplianceCase> => {
      const { stage, archives } = known(ledger, caseId);
      if (['delivered', 'released', 'withdrawn'].includes(stage)) {
        throw new OrderError('NOTHING_TO_RETRY', `the case is ${stage}: nothing of it waits`);
      }
      if (stage === 'held' && archives.length > 0) await account.ledger.resume(caseId, true);
      else if (stage === 'held') await account.ledger.release(caseId);
      wakeIntake();
      hastenCourier();
      return known(ledger, caseId);
    },

    'case-withdraw': async ({ caseId }, account): Promise<ApplianceCase> => {
      known(ledger, caseId);
      await account.ledger.withdraw(caseId);
      onWithdrawn(caseId);
      wakeReleaser();
      hastenCourier();
      return known(ledger, caseId);
    },

    'case-export': ({ caseId, to, form }): ExportStatus => {
      if (known(ledger, caseId).stage === 'withdrawn') throw new OrderError('ERASED', 'the case was withdrawn');
      exports.begin({ caseId, to, form });
      return { ...exports.status(caseId), gate: gate.isOpen ? 'open' : 'closed' };
    },

    'case-export-status': ({ caseId }): ExportStatus => ({
      ...exports.status(caseId),
      gate: gate.isOpen ? 'open' : 'closed',
    }),
  };
}
