import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { blobFault } from './blob-fault.ts';
import { OpeningTimes } from './budget/opening.ts';
import { Ledger } from './ledger.ts';
import { Schedule } from './schedule.ts';
import { sealedCase } from './testing/ledger.ts';
import { TestLink } from './testing/link.ts';
import { TicketBook } from './ticket-book.ts';

const hourMs = 3_600_000;
const tenYearsMs = 10 * 365.25 * 24 * hourMs;
const jumps = [hourMs, -hourMs, tenYearsMs, -tenYearsMs];

/** A machine whose two clocks a test moves each by itself. */
class Machine implements Clock {
  readonly bootId = 'boot';
  wallMs = Date.now();
  passedMs = 1_000_000;
  now = () => new Date(this.wallMs);
  monotonicMs = () => this.passedMs;
  sleep = async () => {};
  pass(ms: number): void {
    this.wallMs += ms;
    this.passedMs += ms;
  }
}

for (const jump of jumps) {
  const hours = `${Math.round(jump / hourMs)} h`;

  test(`wall clock by ${hours}: a retry is due when so much time has passed, not before and not later`, () => {
    const machine = new Machine();
    const schedule = new Schedule(machine);
    schedule.postpone('job', () => 60_000);
    machine.wallMs += jump;
    machine.pass(59_999);
    assert.ok(schedule.dueMs('job') > machine.monotonicMs());
    machine.pass(1);
    assert.ok(schedule.dueMs('job') <= machine.monotonicMs());
  });

  test(`wall clock by ${hours}: Retry-After as a date keeps nobody waiting for more than an hour`, () => {
    const machine = new Machine();
    const date = new Date(machine.wallMs + 30_000).toUTCString();
    machine.wallMs += jump;
    const headers = new Map([['retry-after', date]]);
    const { retryAfterMs = 0 } = blobFault({ statusCode: 503, response: { headers } }, machine.now());
    assert.ok(retryAfterMs >= 0 && retryAfterMs <= hourMs, String(retryAfterMs));
  });

  test(`wall clock by ${hours}: a window is asked for again within a quarter of an hour, and follows the clock as it is`, () => {
    const machine = new Machine();
    machine.wallMs = Date.parse('2026-07-01T12:10:00Z');
    const times = new OpeningTimes(machine, [{ days: ['wed'], from: '20:00', to: '23:00' }], 'UTC');
    assert.equal(times.isOpen, false);
    machine.wallMs += jump;
    const waitMs = times.waitMs();
    assert.ok(times.isOpen || (waitMs > 0 && waitMs <= 15 * 60_000), String(waitMs));
    machine.wallMs = Date.parse('2026-07-01T20:00:00Z');
    assert.equal(times.waitMs(), 0);
  });

  test(`wall clock by ${hours}: an upload ticket is used as long as its time has not passed; one of a wrong clock is asked for anew`, async (t) => {
    const ledger = await Ledger.open({ path: join(temporaryFolder(t), 'ledger.db'), log: silentLog });
    t.after(() => ledger.close());
    const machine = new Machine();
    const link = new TestLink(() => 'host');
    const open = () =>
      new TicketBook({ ledger, link, clock: machine, log: silentLog, storageKey: { secret: storageKey } });
    const storageKey = randomBytes(32);
    const { caseId } = await sealedCase(ledger);
    const [archive] = ledger.read.archivesOf(caseId);
    assert.ok(archive);
    await ledger.batch(archive.tier, [archive.archiveId]);
    const book = open();
    const ticket = await book.request(archive);
    machine.wallMs += jump;
    machine.pass(40 * 60_000);
    assert.deepEqual(await book.kept(archive), ticket, 'in the run that asked for it, only passed time counts');
    machine.pass(30 * 60_000);
    assert.equal(await book.kept(archive), undefined, 'it has expired, whatever the wall says');
    // Granted while the wall is wrong: never used for longer than such a ticket can live, and never not at all.
    const second = await book.request(archive);
    assert.deepEqual(await book.kept(archive), second);
    // A restart knows the wall alone; what it believes wrongly costs one more ticket, and its place is given back.
    const restarted = open();
    const kept = await restarted.kept(archive);
    const usable = kept ?? (await restarted.request(archive));
    assert.ok(usable);
    for (const record of ledger.read.ticketsToClose()) await restarted.close(record, 0);
    assert.equal(link.open.size, 1);
  });
}

test('records and cases keep their order over every jump: no order is by the wall clock', async (t) => {
  const machine = new Machine();
  const ledger = await Ledger.open({ path: join(temporaryFolder(t), 'ledger.db'), log: silentLog, clock: machine });
  t.after(() => ledger.close());
  const cases: string[] = [];
  for (const jump of jumps) {
    machine.wallMs += jump;
    cases.push((await sealedCase(ledger)).caseId);
  }
  assert.deepEqual(
    ledger.read.cases().map(({ caseId }) => caseId),
    cases,
  );
  assert.deepEqual(
    ledger.read.nextArchivesToBatch().map(({ caseId }) => caseId),
    cases,
  );
});
