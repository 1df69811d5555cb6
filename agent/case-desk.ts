import { GatewayError } from '../core/errors.ts';
import type { Gate } from '../core/gate.ts';
import { describe } from '../core/log.ts';
import type { ControlRequest, ImportStatus, UnlockStatus } from '../protocol/control.ts';
import type { ApplianceCase } from '../protocol/documents.ts';
import type { Ledger } from '../uploader/index.ts';
import type { Account } from './audit/index.ts';
import type { Imports } from './imports/index.ts';
import type { Passwords } from './passwords/index.ts';

/**
 * - `NO_SUCH_CASE`, `NO_SUCH_IMPORT`: nothing is known by that id
 * - `NOT_HELD`: the case does not wait for a person
 * - `NOT_LOCKED`: the case waits for something else than a password
 * - `SOURCE_GONE`: what would have to be read again is not there
 * - `GATE_CLOSED`: what was asked for is bulk work, and a procedure is active, or may be
 */
export class DeskError extends GatewayError<
  'NO_SUCH_CASE' | 'NO_SUCH_IMPORT' | 'NOT_HELD' | 'NOT_LOCKED' | 'SOURCE_GONE' | 'GATE_CLOSED'
> {}

interface Deps {
  readonly gate: Gate;
  readonly ledger: Ledger;
  readonly imports: Imports;
  readonly passwords: Passwords;
  /** The intake has something new to look at. */
  readonly wake: () => void;
  /** A sealed case goes on. */
  readonly wakeCourier: () => void;
}

export type DeskVerb = 'case-release' | 'case-unlock' | 'case-unlock-status' | 'import-start' | 'import-status';

type Desk = {
  readonly [Verb in DeskVerb]: (
    request: Extract<ControlRequest, { verb: Verb }>,
    account: Pick<Account, 'ledger'>,
  ) => unknown;
};

/**
 * What people ask for cases that wait for them, over the control socket. It only notes down: the work is the intake's, in
 * its next round, behind the gate.
 */
export function caseDesk(deps: Deps): Desk {
  const { gate, ledger, imports, passwords, wake, wakeCourier } = deps;
  const gateWord = () => (gate.isOpen ? 'open' : 'closed');
  return {
    'case-release': async ({ caseId }, account): Promise<ApplianceCase> => {
      expectHeld(ledger, caseId);
      const { reason, archives } = known(ledger, caseId);
      if (reason === 'by-person' && archives.length > 0) {
        await account.ledger.resume(caseId, false);
        wakeCourier();
      } else await account.ledger.release(caseId);
      wake();
      return known(ledger, caseId);
    },

    'case-unlock': async ({ caseId, password }, account): Promise<ApplianceCase> => {
      expectLocked(ledger, caseId);
      expectOpen(gate);
      // First the password: the intake may take the case the moment it is released.
      passwords.offer(caseId, password);
      await account.ledger.release(caseId);
      wake();
      return known(ledger, caseId);
    },

    'case-unlock-status': ({ caseId }): UnlockStatus => ({
      attempt: passwords.attempt(caseId) ?? 'none',
      gate: gateWord(),
      case: known(ledger, caseId),
    }),

    'import-start': ({ path }): ImportStatus => {
      expectOpen(gate);
      const importId = imports.begin(path);
      wake();
      return { importId, state: 'looking', gate: gateWord(), found: 0, cases: [] };
    },

    'import-status': ({ importId }): ImportStatus => {
      const found = imports.get(importId);
      if (!found) {
        throw new DeskError('NO_SUCH_IMPORT', 'the appliance does not know this import', {
          hint: 'It was started again meanwhile. Nothing is lost: import the same path again.',
        });
      }
      const records = found.keys.map((key) => ledger.read.caseByEntry(key)).filter((record) => record !== undefined);
      const cases = records.map(({ caseId }) => known(ledger, caseId));
      return {
        ...{ importId, state: found.state, gate: gateWord(), found: found.keys.length, cases },
        ...(found.error ? { error: wordsOf(found.error) } : {}),
      };
    },
  };
}

export function known(ledger: Ledger, caseId: string): ApplianceCase {
  const found = ledger.read.caseById(caseId);
  if (found) return found;
  throw new DeskError('NO_SUCH_CASE', 'there is no such case', { hint: 'See `vestibule cases`.' });
}

function expectHeld(ledger: Ledger, caseId: string): void {
  const { stage, reason } = known(ledger, caseId);
  if (stage !== 'held') {
    throw new DeskError('NOT_HELD', `the case is ${stage}: it waits for nobody`, { hint: 'See `vestibule cases`.' });
  }
  if (reason === 'source-gone') {
    throw new DeskError('SOURCE_GONE', 'the entry of this case is not there any more', {
      hint: 'Copy it into an inbox, or import it, again; it is taken by itself then.',
    });
  }
}

/** A wrong password may have passed for a right one, and what it gave for a damaged export: another may be typed then. */
function expectLocked(ledger: Ledger, caseId: string): void {
  expectHeld(ledger, caseId);
  const { reason, archives } = known(ledger, caseId);
  if (reason === 'needs-approval' || archives.length > 0) {
    throw new DeskError('NOT_LOCKED', `the case needs no password: it is held as ${reason}`, {
      hint: `See \`vestibule cases show ${caseId}\`.`,
    });
  }
}

function expectOpen(gate: Gate): void {
  if (gate.isOpen) return;
  throw new DeskError('GATE_CLOSED', 'the gate is closed: a procedure is active, or may be', {
    hint: 'Ask again after the procedure, or add --wait.',
  });
}

function wordsOf(error: Error): NonNullable<ImportStatus['error']> {
  const { code = 'FAILED', message = 'it failed', hint } = describe(error);
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
