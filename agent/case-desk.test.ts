import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../core/errors.ts';
import { Gate } from '../core/gate.ts';
import { silentLog } from '../core/log.ts';
import type { ControlRequest } from '../protocol/control.ts';
import type { HeldReason } from '../protocol/documents.ts';
import { openTestLedger, sealedCase, someEntry } from '../uploader/testing/ledger.ts';
import { caseDesk, type DeskVerb } from './case-desk.ts';
import { Imports } from './imports/index.ts';
import { Passwords } from './passwords/index.ts';

type DeskRequest = Extract<ControlRequest, { verb: DeskVerb }>;

async function desk(t: Parameters<typeof openTestLedger>[0]) {
  const { ledger } = await openTestLedger(t);
  const gate = new Gate();
  gate.open();
  const passwords = new Passwords({ gate, log: silentLog, sources: [] });
  const limits = { ownFolders: [], maxNames: 10, maxDepth: 1 };
  const imports = new Imports({ siteKey: Buffer.alloc(32), ...limits, mayGoOn: () => false });
  let woken = 0;
  const wake = () => void woken++;
  const verbs = caseDesk({ gate, ledger, imports, passwords, wake, wakeCourier: wake });
  const ask = (request: DeskRequest) => (verbs[request.verb] as (...asked: unknown[]) => unknown)(request, { ledger });
  const held = async (reason: HeldReason) => {
    const { caseId } = await ledger.detect(someEntry());
    await ledger.hold(caseId, reason, 'hint');
    return caseId;
  };
  return { gate, ledger, passwords, imports, ask, held, woken: () => woken };
}

async function codeWhen(act: () => unknown): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

test('a release is noted at once, at a closed gate too, and the intake is woken', async (t) => {
  const { gate, ask, held, woken } = await desk(t);
  gate.close();
  const caseId = await held('unreadable');
  const released = (await ask({ verb: 'case-release', caseId })) as { stage: string };
  assert.deepEqual([released.stage, woken()], ['detected', 1]);
  assert.equal(await codeWhen(() => ask({ verb: 'case-release', caseId })), 'NOT_HELD');
});

test('what is unknown, gone, or sealed is not released', async (t) => {
  const { ledger, ask, held } = await desk(t);
  const release = (caseId: string) => codeWhen(() => ask({ verb: 'case-release', caseId }));
  assert.equal(await release('case-aaaaaaaaaaaaaaaaaaaa'), 'NO_SUCH_CASE');
  assert.equal(await release(await held('source-gone')), 'SOURCE_GONE');
  const { caseId } = await sealedCase(ledger);
  await ledger.hold(caseId, 'refused-by-receiver', 'hint');
  assert.equal(await release(caseId), 'ALREADY_SEALED');
});

test('a password is taken for a held case at an open gate alone, and never approves one', async (t) => {
  const { gate, ledger, passwords, ask, held } = await desk(t);
  const unlock = (caseId: string) => codeWhen(() => ask({ verb: 'case-unlock', caseId, password: 'secret' }));
  const waiting = await held('needs-approval');
  assert.equal(await unlock(waiting), 'NOT_LOCKED');
  assert.equal(ledger.read.caseById(waiting)?.stage, 'held');
  const locked = await held('password-needed');
  gate.close();
  assert.equal(await unlock(locked), 'GATE_CLOSED');
  assert.deepEqual([passwords.attempt(locked), ledger.read.caseById(locked)?.stage], [undefined, 'held']);
  gate.open();
  assert.equal(await unlock(locked), undefined);
  const status = ask({ verb: 'case-unlock-status', caseId: locked }) as Record<string, unknown>;
  assert.deepEqual([status.attempt, status.gate], ['waiting', 'open']);
  assert.doesNotMatch(JSON.stringify(status), /secret/);
});

test('an import begins at an open gate alone; one that is not known says that it may be asked for again', async (t) => {
  const { gate, imports, ask } = await desk(t);
  const begin = () => ask({ verb: 'import-start', path: '/media/stick' });
  gate.close();
  assert.equal(await codeWhen(begin), 'GATE_CLOSED');
  assert.equal(imports.open.length, 0);
  gate.open();
  const { importId } = begin() as { importId: string };
  const status = ask({ verb: 'import-status', importId }) as Record<string, unknown>;
  assert.deepEqual([status.state, status.found, status.cases], ['looking', 0, []]);
  const unknown = () => ask({ verb: 'import-status', importId: 'imp-aaaaaaaaaaaaaaaaaaaa' });
  assert.equal(await codeWhen(unknown), 'NO_SUCH_IMPORT');
});
