import assert from 'node:assert/strict';
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { foldersOf } from '../agent/folders.ts';
import { noteWithdrawn } from '../agent/journal-notes.ts';
import { recover } from '../agent/recover.ts';
import { repair } from '../agent/repair.ts';
import type { Linkage } from '../carto/index.ts';
import { tinyExport } from '../carto/testing/tiny-export.ts';
import { readStorageKey } from '../certs/index.ts';
import { openText } from '../core/boxed-text.ts';
import { silentLog } from '../core/log.ts';
import { CaseJournal, type Ledger } from '../uploader/index.ts';
import { manifestFrom } from '../uploader/testing/world.ts';
import { delivered, drop, runAppliance } from './campaigns/crash/appliance.ts';
import { Checker } from './campaigns/crash/check.ts';
import { type Facts, factsOf, noFacts } from './campaigns/crash/facts.ts';
import { makeFixture, remove, scratchFolder } from './campaigns/crash/record.ts';
import { SmallCloud } from './campaigns/crash/small-cloud.ts';
import { agentMain, command } from './harness/process.ts';
import { until } from './harness/until.ts';

/** Overwrites some bytes of a file; the rest stays. */
function damage(path: string, at: number, bytes: number): void {
  const handle = openSync(path, 'r+');
  writeSync(handle, Buffer.alloc(bytes, 0xa5), 0, bytes, at);
  closeSync(handle);
}

/** Two studies delivered, a third sealed and still owed; each export stays in the inbox, as exports do. */
describe('a store that was damaged while the appliance was off', () => {
  const scratch = scratchFolder();
  const data = join(scratch, 'data');
  const folders = foldersOf(data);
  /** The appliance's folder in that state, closed in good order and as a kill leaves it. */
  const [kept, killed] = [join(scratch, 'kept'), join(scratch, 'killed')];
  let cloud: SmallCloud;
  let facts: Facts;
  let cases: string[];
  let takeCloudBack: () => void;

  const run = (work: (ledger: Ledger) => Promise<void>) =>
    runAppliance({ data, cloud, onAcknowledged: () => {} }, work);
  const repaired = (isDryRun: boolean) =>
    repair({ folders, storageKey: readStorageKey(folders.keys), now: new Date('2030-01-01T00:00:00Z') }, isDryRun);
  const casesSent = () =>
    new Set(cloud.link.events.flatMap((event) => manifestFrom(event).archives ?? []).map(({ caseId }) => caseId));

  const isThird = (caseId: string) => ['sealed', 'batched'].includes(facts.cases[caseId] ?? '');
  /** Cases with archives: the one of the fixture has none, so that nothing but its row knows it. */
  const sealedCases = () => {
    const files = Object.values(facts.archives).map(({ file }) => file);
    const sealed = Object.entries(facts.cases).filter(([id]) => files.some((file) => file.startsWith(id)));
    return Object.fromEntries(sealed.map(([id, stage]) => [id, isThird(id) ? 'sealed' : stage]));
  };
  /** Of what the journal and the disk can bring back. */
  const complaints = async () => {
    const owed = { ...noFacts, archives: facts.archives, cases: sealedCases() };
    const found = await new Checker().complaints(data, owed);
    // A page of the audit log that is lost is a gap in its chain, and is said for ever.
    return found.filter((one) => one !== 'something was put aside' && !one.startsWith('the audit log is not whole'));
  };

  before(async () => {
    await makeFixture(data);
    cloud = await SmallCloud.start();
    await run(async (ledger) => {
      drop(data, 'first', tinyExport());
      await delivered(ledger, 2);
      drop(data, 'second', tinyExport({ study: 'Study 8 02_03_2021 09-08-07' }));
      await delivered(ledger, 3);
    });
    cloud.link.state = 'offline';
    await run(async (ledger) => {
      drop(data, 'third', tinyExport({ study: 'Study 7 03_04_2022 08-07-06' }));
      await ledger.enqueue({ kind: 'telemetry', body: 'an item' });
      await until(
        () => (ledger.read.stageCounts().sealed ?? 0) + (ledger.read.stageCounts().batched ?? 0) === 1,
        'third',
      );
      facts = factsOf(ledger.read);
      cpSync(folders.folder, killed, { recursive: true });
    });
    cloud.link.state = 'online';
    takeCloudBack = cloud.remember();
    cpSync(folders.folder, kept, { recursive: true });
    cases = Object.keys(facts.cases);
  });
  const putBack = (state: string) => {
    rmSync(folders.folder, { recursive: true });
    cpSync(state, folders.folder, { recursive: true });
    takeCloudBack();
  };
  beforeEach(() => putBack(kept));
  after(async () => {
    await cloud.close();
    remove(scratch);
  });

  test('REPAIR-01, lesson 6: a ledger that is no database any more is rebuilt, and nothing becomes another case', async () => {
    damage(folders.ledger, 0, 4096);
    await assert.rejects(recover({ folders, log: silentLog, isInline: true }), { code: 'LEDGER_DAMAGED' });
    const run1 = await command(agentMain, 'run', '--data', data);
    assert.equal(run1.code, 1);
    assert.match(run1.stderr, /LEDGER_DAMAGED.*\n.*vestibule repair/);

    const digest = () =>
      readdirSync(folders.folder, { recursive: true }).sort().join('\n') + readFileSync(folders.ledger).toString('hex');
    const unchanged = digest();
    const dry = repaired(true);
    assert.deepEqual([dry.ledger, dry.isRepaired, digest()], ['damaged', false, unchanged]);

    const told = await command(agentMain, 'repair', '--yes', '--json', '--data', data);
    const report = JSON.parse(told.stdout);
    assert.equal(told.code, 0);
    assert.deepEqual([report.isRepaired, report.rebuilt], [true, { cases: 3, archives: 6, held: [] }]);
    assert.ok(existsSync(join(report.quarantine, 'ledger.db')));

    const sentBefore = casesSent();
    await run(async (ledger) => {
      await delivered(ledger, 3);
      // The exports are all still in the inbox; a round over them finds nothing new.
      assert.deepEqual(Object.keys(factsOf(ledger.read).cases).sort(), Object.keys(sealedCases()).sort());
    });
    assert.deepEqual([...casesSent()].sort(), [...sentBefore, ...cases.filter(isThird)].sort());
    assert.deepEqual(await complaints(), []);
  });

  test('REPAIR-02: a page in the middle costs no more than its rows', async () => {
    const pages = statSync(folders.ledger).size / 4096;
    let [repairs, states] = [0, 0];
    for (let page = 1; page < pages; page += 5) {
      putBack(kept);
      damage(folders.ledger, page * 4096, 4096);
      states += 1;
      if (repaired(false).isRepaired) repairs += 1;
      assert.deepEqual(await complaints(), [], `page ${page}`);
    }
    assert.ok(repairs > states / 3, `${repairs} of ${states}`);
  });

  test('REPAIR-03: a ledger whose write-ahead log was zeroed has forgotten a case; repair brings it back', async () => {
    putBack(killed);
    const wal = `${folders.ledger}-wal`;
    damage(wal, 0, statSync(wal).size);
    // A start in between puts aside what the ledger does not know, or leaves it for the next seal.
    const started = await recover({ folders, log: silentLog, isInline: true });
    await started.tidy(async () => {});
    await started.ledger.close();
    const report = repaired(false);
    assert.deepEqual([report.ledger, report.isRepaired, report.rebuilt.held], ['forgetful', true, []]);
    await run(async (ledger) => {
      await delivered(ledger, 4);
    });
    assert.equal(repaired(true).ledger, 'sound');
  });

  test('REPAIR-04: a chunk, half a file, lost keys: put aside with a note, and the others go on', async () => {
    const third = cases.find(isThird) ?? '';
    for (const spoil of [
      (file: string) => damage(file, 20_000, 16),
      (file: string) => truncateSync(file, 20_000),
      (file: string) => rmSync(file.replace(/case$/, 'keys')),
    ]) {
      putBack(kept);
      rmSync(join(data, 'inbox', 'fourth'), { recursive: true, force: true });
      spoil(join(folders.cases, `${third}.study.case`));
      await run(async (ledger) => {
        drop(data, 'fourth', tinyExport({ study: 'Study 6 04_05_2023 07-06-05' }));
        await delivered(ledger, 4);
        const found = ledger.read.caseById(third);
        assert.deepEqual([found?.stage, found?.reason], ['held', 'unreadable']);
      });
      const [aside = ''] = readdirSync(folders.quarantine);
      const note = JSON.parse(readFileSync(join(folders.quarantine, aside, 'note.json'), 'utf8'));
      assert.deepEqual([note.code, note.caseId], ['ARCHIVE_DAMAGED', third]);
      assert.equal(readdirSync(join(folders.quarantine, aside)).length, note.files.length + 1);
    }
  });

  /** Codes and numbers of a case's study, as `kind original code`. */
  const givenOut = (ledger: Ledger, caseId: string) => {
    const { linkageSealed = Buffer.alloc(0) } = ledger.read.studyOf(caseId) ?? {};
    const { codes, counters } = JSON.parse(openText(linkageSealed, readStorageKey(folders.keys))) as Linkage;
    const numbers = Object.entries(counters).flatMap(([kind, pairs]) =>
      pairs.map((pair) => `${kind} ${pair.join(' ')}`),
    );
    return [...codes.map(({ kind, original, code }) => `${kind} ${original} ${code}`), ...numbers];
  };

  test('REPAIR-06, REPAIR-07: after all rows were lost no number is given out twice, and what was withdrawn stays so', async () => {
    const [first = '', second = ''] = cases.filter((caseId) => Object.keys(sealedCases()).includes(caseId));
    let before: readonly string[] = [];
    await run(async (ledger) => {
      await delivered(ledger, 4);
      before = givenOut(ledger, first);
      await ledger.withdraw(second);
      noteWithdrawn(new CaseJournal(folders.journal, readStorageKey(folders.keys)), ledger.read, second, silentLog);
    });
    damage(folders.ledger, 0, 4096);
    assert.equal(repaired(false).isRepaired, true);
    rmSync(join(data, 'inbox', 'fourth'), { recursive: true, force: true });
    await run(async (ledger) => {
      drop(data, 'first-again', { ...tinyExport(), 'notes.mesh': String(tinyExport()['1-LA2.mesh']) });
      await delivered(ledger, 3);
      const found = ledger.read.cases().filter(({ caseId }) => !cases.includes(caseId));
      assert.equal(found.length, 1, 'nothing else of the inbox is a new case');
      assert.equal(found[0]?.studyId, ledger.read.studyOf(first)?.studyId);
      const after = new Set(givenOut(ledger, first));
      assert.ok(before.length > 5 && before.every((one) => after.has(one)));
      assert.equal(ledger.read.caseById(second)?.stage, 'withdrawn');
    });
    rmSync(join(data, 'inbox', 'first-again'), { recursive: true });
  });

  test('REPAIR-05: a repair that was killed before its end is ended by the next start', async () => {
    damage(folders.ledger, 0, 4096);
    repaired(false);
    // As a kill leaves it: the rebuilt ledger is complete, the old log is gone, the name is not given yet.
    cpSync(folders.ledger, `${folders.ledger}.rebuilt`);
    cpSync(join(kept, 'ledger.db'), folders.ledger);
    damage(folders.ledger, 0, 4096);
    const { ledger } = await recover({ folders, log: silentLog, isInline: true });
    assert.equal(ledger.read.cases().length, 3);
    await ledger.close();
    assert.equal(existsSync(`${folders.ledger}.rebuilt`), false);
  });
});
