import type { ControlRequest, ProcedureStatus } from '../protocol/control.ts';
import type { Account } from './audit/index.ts';
import { OverrideError, type ProcedureWatch } from './procedure/index.ts';

type Asked = Extract<ControlRequest, { readonly verb: 'procedure-override' }>;

/** A person's word against evidence: it counts once its record is on disk. */
export function overrideVerbs(procedure: ProcedureWatch) {
  return {
    'procedure-override': async ({ reason, forMs }: Asked, account: Account): Promise<ProcedureStatus> => {
      const planned = procedure.planOverride(forMs);
      const setsAside = planned.setsAside.map(({ source }) => source);
      await account.record({ evidence: { minutes: forMs / 60_000, setsAside } });
      procedure.override(planned, reason.slice(0, 200));
      const { status } = procedure;
      if (status.override) return status;
      throw new OverrideError('OVERRIDE_REFUSED', 'something spoke against it in the same moment');
    },
    'procedure-override-end': async (): Promise<ProcedureStatus> => {
      procedure.endOverride();
      return procedure.status;
    },
  };
}
