import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keysPathOf } from '../../archive/index.ts';
import { systemClock } from '../../core/clock.ts';
import { Gate } from '../../core/gate.ts';
import { passAlways } from '../../core/gate-flag.ts';
import { silentLog } from '../../core/log.ts';
import type { SealedArchiveRow } from '../case-commands.ts';
import type { Ledger } from '../ledger.ts';
import { openTestLedger, sealedCase, someArchive, uploadedBatch } from '../testing/ledger.ts';
import { receiptFor } from '../testing/receipt-for.ts';
import type { ReleasedBytes } from './release-commands.ts';
import { Releaser, type ReleaserDeps, releaseRecorded } from './releaser.ts';

const device = 'site-1';

async function store(t: TestContext, policy: Partial<ReleaserDeps['policy']> = {}) {
  const { ledger, folder } = await openTestLedger(t);
  const cases = join(folder, 'cases');
  mkdirSync(cases);
  const gate = new Gate();
  gate.open();
  const released: ReleasedBytes[] = [];
  const came = new Map<string, () => void>();
  const space = { isPressed: false };
  const releaser = new Releaser({
    ...{ ledger, gate, clock: systemClock, log: silentLog, folder: cases, isPressed: () => space.isPressed },
    policy: { keepDays: 30, keepDeliveredDays: 0, ...policy },
    onReleased: (one) => {
      released.push(one);
      came.get(one.caseId)?.();
    },
  });
  t.after(() => releaser.stop());
  const until = (caseId: string) => new Promise<void>((resolve) => came.set(caseId, resolve));
  const seal = async (...archives: readonly SealedArchiveRow[]) => {
    for (const { file } of archives) writeArchive(join(cases, file));
    return (await sealedCase(ledger, archives)).caseId;
  };
  return { ledger, gate, cases, releaser, released, until, seal, space };
}

function writeArchive(path: string): void {
  writeFileSync(path, 'ciphertext');
  writeFileSync(keysPathOf(path), 'wrapped key');
}

async function deliver(ledger: Ledger, archives: readonly SealedArchiveRow[]): Promise<void> {
  const batchId = await uploadedBatch(ledger, archives);
  const outcome = await ledger.acceptReceipt(device, receiptFor(ledger, batchId, device));
  assert.equal(outcome.kind, 'accepted');
}

const isHere = (cases: string, { file }: SealedArchiveRow) =>
  existsSync(join(cases, file)) || existsSync(keysPathOf(join(cases, file)));

test('lesson 47: what has its receipt leaves the disk, keys first; what is owed stays, whatever the policy', async (t) => {
  const { ledger, cases, releaser, until, seal, space } = await store(t);
  const [sent, owed] = [someArchive(), someArchive()];
  const delivered = await seal(sent);
  const waiting = await seal(owed);
  await deliver(ledger, [sent]);
  space.isPressed = true;
  const released = until(delivered);
  await releaser.start(new AbortController().signal);
  await released;
  assert.equal(isHere(cases, sent), false);
  assert.equal(isHere(cases, owed), true);
  const [gone, kept] = [ledger.read.caseById(delivered), ledger.read.caseById(waiting)];
  assert.deepEqual([gone?.stage, gone?.archives[0]?.released?.why], ['released', 'delivered']);
  assert.deepEqual([kept?.stage, kept?.archives[0]?.released], ['sealed', undefined]);
  await assert.rejects(ledger.beginRelease([owed.archiveId]), { code: 'ILLEGAL_MOVE' });
});

test('delivered archives stay as long as the site says, unless space is needed', async (t) => {
  const { ledger, cases, releaser, until, seal, space } = await store(t, { keepDeliveredDays: 7 });
  const archive = someArchive();
  const caseId = await seal(archive);
  await deliver(ledger, [archive]);
  await releaser.start(new AbortController().signal);
  releaser.wake();
  assert.equal(ledger.read.archivesReleasing().length, 0);
  assert.equal(isHere(cases, archive), true);
  const released = until(caseId);
  space.isPressed = true;
  releaser.wake();
  await released;
  assert.equal(isHere(cases, archive), false);
});

test('a tier that nobody asked for goes as not-requested; its case was delivered without it', async (t) => {
  const { ledger, cases, releaser, until, seal } = await store(t, { keepDays: 0, keepDeliveredDays: 7 });
  const [review, study] = [someArchive('review'), { ...someArchive('study'), send: 'on-request' as const }];
  const caseId = await seal(review, study);
  assert.deepEqual(ledger.read.tiersToBatch(), ['review']);
  await deliver(ledger, [review]);
  assert.equal(ledger.read.caseById(caseId)?.stage, 'delivered');
  const released = until(caseId);
  await releaser.start(new AbortController().signal);
  await released;
  const found = ledger.read.caseById(caseId);
  assert.deepEqual(
    found?.archives.map((one) => [one.tier, one.send, one.released?.why]),
    [
      ['review', undefined, undefined],
      ['study', 'on-request', 'not-requested'],
    ],
  );
  assert.equal(found?.stage, 'delivered', 'the review tier is still here');
  assert.equal(isHere(cases, review), true);
});

test('a base goes after the deltas that stand on it', async (t) => {
  const { ledger, releaser, until, released, seal } = await store(t);
  const base = someArchive('study');
  const delta = { ...someArchive('study'), base: base.archiveId };
  const [first, second] = [await seal(base), await seal(delta)];
  await deliver(ledger, [base]);
  await assert.rejects(ledger.beginRelease([base.archiveId]), { code: 'ILLEGAL_MOVE' });
  await deliver(ledger, [delta]);
  const both = Promise.all([until(first), until(second)]);
  await releaser.start(new AbortController().signal);
  await both;
  assert.deepEqual(
    released.map(({ caseId }) => caseId),
    [second, first],
  );
});

test('a release that was recorded is ended wherever a kill cut it, and may be ended twice', async (t) => {
  const { ledger, cases, released, seal } = await store(t);
  const archives = [someArchive(), someArchive(), someArchive()];
  const caseIds: string[] = [];
  for (const archive of archives) caseIds.push(await seal(archive));
  await deliver(ledger, archives);
  await ledger.beginRelease(archives.map(({ archiveId }) => archiveId));
  // Cut after nothing, after the keys, and after both files.
  const [, keysGone, bothGone] = archives.map(({ file }) => join(cases, file)) as [string, string, string];
  rmSync(keysPathOf(keysGone));
  for (const path of [bothGone, keysPathOf(bothGone)]) rmSync(path);
  const onReleased = (one: ReleasedBytes) => void released.push(one);
  assert.equal(await releaseRecorded({ ledger, folder: cases, onReleased }, passAlways), 3);
  assert.equal(await releaseRecorded({ ledger, folder: cases, onReleased }, passAlways), 0);
  assert.ok(archives.every((archive) => !isHere(cases, archive)));
  assert.ok(caseIds.every((caseId) => ledger.read.caseById(caseId)?.stage === 'released'));
});

test('behind a closed gate nothing is erased', async (t) => {
  const { ledger, gate, cases, releaser, until, seal } = await store(t);
  const archive = someArchive();
  const caseId = await seal(archive);
  await deliver(ledger, [archive]);
  gate.close();
  const released = until(caseId);
  await releaser.start(new AbortController().signal);
  assert.deepEqual(await gate.quiet(5_000), []);
  assert.equal(isHere(cases, archive), true);
  gate.open();
  await released;
  assert.equal(isHere(cases, archive), false);
});
