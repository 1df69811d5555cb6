import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { buildArchives, openArchive } from '../../archive/index.ts';
import { openFolder, pseudonymise, simulateStudy } from '../../carto/index.ts';
import { Gate } from '../../core/gate.ts';
import { attachGate, passAlways } from '../../core/gate-flag.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { newId } from '../../protocol/ids.ts';
import type { SealError } from './job-error.ts';
import { SecondThread } from './second-hand.ts';

const stock = mkdtempSync(join(tmpdir(), 'vestibule-second-'));
const storage = { kid: 'storage', secret: Buffer.alloc(32, 1) };
const siteKey = Buffer.alloc(32, 3);
let source = '';
before(async () => {
  ({ folder: source } = await simulateStudy({ folder: stock, seed: 6, points: 6, shell: true, paso: true }));
  // A session that no table announces: its table cannot be written from a copy.
  const late = 'TimeStamp Session X Y Z\r\n700100 876543 1 2 3\r\n';
  appendFileSync(join(source, 'VisiTagExport', 'RawPositions.txt'), late);
});
after(() => rmSync(stock, { recursive: true, force: true }));

function newThread(t: TestContext) {
  const gate = new Gate();
  gate.open();
  const thread = new SecondThread(
    { gate: gate.flag, cpuPercent: undefined },
    attachGate(gate.flag, () => {}),
  );
  t.after(() => thread.begin().terminate());
  return thread;
}

async function seal(folder: string, hire?: Parameters<typeof buildArchives>[0]['hire']) {
  const study = await pseudonymise(await openFolder(source, passAlways), passAlways, {
    profile: 'pseudonymised',
    siteKey,
  });
  const archives = (['review', 'study'] as const).map((tier) => ({ tier, archiveId: newId('arc') }));
  const order = { study, archives, caseId: newId('case'), folder, recipients: [storage], checkpoint: passAlways, hire };
  const sealed = await buildArchives(order);
  const found = [];
  for (const { path, bytes } of sealed) {
    const archive = await openArchive(path, storage);
    found.push({ files: archive.files, chunks: archive.chunks, bytes });
    archive.close();
  }
  return { found, warnings: study.warnings, linkage: study.linkage() };
}

test('two threads seal what one seals: the same files, bytes, places and linkage', async (t) => {
  const thread = newThread(t);
  const alone = await seal(temporaryFolder(t));
  for (let time = 0; time < 2; time++) {
    let made = 0;
    const together = await seal(temporaryFolder(t), (job) => {
      const hand = thread.hire(job);
      return {
        ...hand,
        // This thread leaves the first to the other, so that both have made some however busy the machine is.
        claim: () => (made === 0 ? undefined : hand.claim()),
        take: () => {
          const results = hand.take();
          made += results.length;
          return results;
        },
      };
    });
    assert.ok(made > 0);
    assert.deepEqual(together, alone);
  }
  const study = alone.found[1]!;
  assert.equal(study.files.at(-1)?.name, 'VisiTagExport/RawPositions.txt', 'what no copy can write comes last');
});

test('a second thread that dies fails the case, and nothing is left; the next case has a new one', async (t) => {
  const thread = newThread(t);
  const folder = temporaryFolder(t);
  const sealing = seal(folder, (job) => {
    const hand = thread.hire(job);
    void thread.begin().terminate();
    return { ...hand, claim: () => undefined };
  });
  await assert.rejects(sealing, (error: SealError) => error.code === 'WORKER_DIED');
  assert.deepEqual(readdirSync(folder), []);
  assert.equal((await seal(folder, (job) => thread.hire(job))).found.length, 2);
});

test('what fails in the second thread fails the case with its code', async (t) => {
  const thread = newThread(t);
  const folder = temporaryFolder(t);
  const sealing = seal(folder, (job) => {
    const packs = job.packs.map((orders) => orders.map((order) => ({ ...order, mtimeMs: 0 })));
    return { ...thread.hire({ ...job, packs }), claim: () => undefined };
  });
  await assert.rejects(sealing, (error: SealError) => error.code === 'UNREADABLE');
  assert.deepEqual(readdirSync(folder), []);
});
