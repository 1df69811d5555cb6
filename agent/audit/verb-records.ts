import type { AuditAction } from '../../protocol/audit.ts';
import type { ControlRequest } from '../../protocol/control.ts';
import type { AuditWish } from './stamp.ts';

type Verb = ControlRequest['verb'];

/** How a verb that changes something is recorded. */
export interface VerbRecord<Name extends Verb> {
  readonly action: AuditAction;
  /**
   * `step`: in one transaction with what the verb changes in the ledger. `before`: ahead of it, so that nothing is
   * changed without a record. `verb`: the verb sees to it, because nothing may keep it waiting.
   */
  readonly when: 'step' | 'before' | 'verb';
  readonly of?: (request: Extract<ControlRequest, { verb: Name }>) => Pick<AuditWish, 'subject' | 'why' | 'evidence'>;
}

/** Every verb of the control socket: it only reads, or this is its record. The compiler finds a verb without a row. */
export const verbRecords: { readonly [Name in Verb]: 'reads' | VerbRecord<Name> } = {
  status: 'reads',
  'procedure-status': 'reads',
  'procedure-start': {
    ...{ action: 'procedure-start', when: 'verb' },
    of: ({ holder, reason, forMs }) => ({ why: `${holder}: ${reason}`, ...(forMs ? { evidence: { forMs } } : {}) }),
  },
  'procedure-stop': { action: 'procedure-stop', when: 'before', of: ({ holder }) => ({ why: holder }) },
  'procedure-override': { action: 'procedure-override', when: 'verb', of: ({ reason }) => ({ why: reason }) },
  'procedure-override-end': { action: 'procedure-override-end', when: 'before' },
  'case-release': { action: 'case-release', when: 'step', of: ({ caseId }) => ({ subject: caseId }) },
  'case-unlock': { action: 'case-unlock', when: 'step', of: ({ caseId }) => ({ subject: caseId }) },
  'case-unlock-status': 'reads',
  'outbox-retry': { action: 'outbox-retry', when: 'step', of: ({ itemId }) => ({ subject: itemId }) },
  'outbox-drop': {
    ...{ action: 'outbox-drop', when: 'step' },
    of: ({ itemId, reason }) => ({ subject: itemId, why: reason }),
  },
  'case-hold': { action: 'case-hold', when: 'step', of: ({ caseId, reason }) => ({ subject: caseId, why: reason }) },
  'case-retry': { action: 'case-retry', when: 'step', of: ({ caseId }) => ({ subject: caseId }) },
  'case-withdraw': {
    ...{ action: 'case-withdraw', when: 'step' },
    of: ({ caseId, reason }) => ({ subject: caseId, why: reason }),
  },
  'case-export': {
    ...{ action: 'case-export', when: 'before' },
    of: ({ caseId, to, form }) => ({ subject: caseId, why: to, evidence: { form } }),
  },
  'case-export-status': 'reads',
  'import-start': { action: 'import-start', when: 'before', of: ({ path }) => ({ why: path }) },
  'import-status': 'reads',
  'audit-take': 'reads',
};
