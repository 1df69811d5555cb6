import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { openArchive } from '../../archive/index.ts';
import { simulateStudy } from '../../carto/index.ts';
import { Gate } from '../../core/gate.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { newId } from '../../protocol/ids.ts';
import type { UnsupportedKind } from '../../protocol/profile.ts';
import { threadMs } from '../testing/threads.ts';
import { until } from '../testing/until.ts';
import type { SealError } from './job-error.ts';
import type { SealJob } from './jobs.ts';
import { Sealer, type SealerOptions } from './sealer.ts';

const stock = mkdtempSync(join(tmpdir(), 'vestibule-sealer-'));
const siteKey = Buffer.alloc(32, 3);
const storage = { kid: 'storage', secret: Buffer.alloc(32, 1) };
let source = '';
before(async () => {
  ({ folder: source } = await simulateStudy({ folder: stock, seed: 5, points: 1 }));
});
after(() => rmSync(stock, { recursive: true, force: true }));

/** A sealer at an open gate, with a registered work and a job that writes into a folder of its own. */
function newSealer(t: TestContext, options?: SealerOptions) {
  const gate = new Gate();
  gate.open();
  const sealer = new Sealer(gate, options);
  t.after(() => sealer.stop());
  const target = temporaryFolder(t);
  const archives = (['review', 'study'] as const).map((tier) => ({ tier, archiveId: newId('arc') }));
  const job: Extract<SealJob, { kind: 'seal' }> = {
    ...{ kind: 'seal', source, target, caseId: newId('case'), archives },
    recipients: [storage],
    siteKey,
    privacy: { profile: 'pseudonymised', siteKey: Buffer.alloc(32, 2) },
  };
  return { gate, sealer, target, job, work: gate.work('intake'), signal: new AbortController().signal };
}

const bytesIn = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
const computeMs = () => (threadMs('seal') ?? 0) + (threadMs('seal-2') ?? 0);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('identifies and seals an export; the archives open with their key', async (t) => {
  const { sealer, job, work, signal } = newSealer(t);
  const { counts, marks } = await sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
  assert.deepEqual([counts.maps, counts.points], [2, 1]);
  assert.ok(marks.length > 3);
  const sealed = await sealer.seal(job, work, signal);
  assert.deepEqual(sealed.counts, counts);
  for (const { path, files, bytes } of sealed.archives) {
    const archive = await openArchive(path, storage);
    assert.equal(archive.files.length, files);
    assert.equal(statSync(path).size, bytes);
    archive.close();
  }
});

test('under a ceiling on reading the same is sealed', async (t) => {
  const { sealer, job, work, signal } = newSealer(t);
  const filesOf = async (order: typeof job) => {
    const { archives } = await sealer.seal({ ...order, target: temporaryFolder(t) }, work, signal);
    const opened = await Promise.all(archives.map(({ path }) => openArchive(path, storage)));
    return opened.map((archive) => {
      archive.close();
      return archive.files.map(({ name, sha256 }) => `${name} ${sha256}`);
    });
  };
  assert.deepEqual(await filesOf({ ...job, readBytesPerSecond: 20_000_000 }), await filesOf(job));
});

test('a kind that the site’s file names leaves with the job that says so, and not without', async (t) => {
  const { sealer, job, work, signal } = newSealer(t);
  const own = temporaryFolder(t);
  cpSync(source, own, { recursive: true });
  writeFileSync(join(own, 'VisiTagExport', 'Sites_PFA.txt'), 'TimeStamp  Pulses\r\n700100  12\r\n');
  const sealedWith = async (unsupported: readonly UnsupportedKind[]) =>
    sealer.seal(
      { ...job, source: own, target: temporaryFolder(t), privacy: { ...job.privacy, unsupported } },
      work,
      signal,
    );
  const [without, with_] = [await sealedWith([]), await sealedWith(['visitag-pfa'])];
  const staysBehind = ({ leftOut }: typeof with_) => leftOut.some(({ kind }) => kind === 'visitag-pfa');
  assert.deepEqual([without, with_].map(staysBehind), [true, false]);
  const files = ({ archives }: typeof with_) => archives.at(-1)!.files;
  assert.equal(files(with_), files(without) + 1);
});

test('a gate that closes anywhere in a job parks it within moments; it then uses nothing, and goes on to the same end', async (t) => {
  const { gate, sealer, target, job, work, signal } = newSealer(t);
  const toPark: number[] = [];
  const whileParked: number[] = [];
  let closings = 0;
  let over = false;
  const stopAndGo = async () => {
    while (!over) {
      await pause(7 + 13 * (closings % 17));
      if (over) return;
      const closedAt = performance.now();
      gate.close();
      closings++;
      assert.deepEqual(await gate.quiet(5_000), [], 'parked or done');
      if (!over) toPark.push(performance.now() - closedAt);
      const before = { bytes: bytesIn(target), ms: computeMs() };
      await pause(30);
      const usedMs = computeMs() - before.ms;
      assert.equal(bytesIn(target), before.bytes);
      whileParked.push(usedMs);
      gate.open();
    }
  };
  const work1 = (async () => {
    await sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
    const { archives } = await sealer.seal(job, work, signal);
    over = true;
    work.end();
    return archives;
  })();
  const [archives] = await Promise.all([work1, stopAndGo()]);
  assert.ok(closings >= 8, `only ${closings} closings`);
  const [parked, used] = [toPark, whileParked].map((all) => all.toSorted((a, b) => a - b));
  const middle = (all: readonly number[] = []) => all[Math.floor(all.length / 2)] ?? 0;
  t.diagnostic(
    `${closings} closings; parked after ${Math.round(middle(parked))} ms, at most ${Math.round(parked?.at(-1) ?? 0)} ms`,
  );
  assert.ok(middle(parked) < 100);
  assert.ok(middle(used) < 1, 'a parked thread uses no processor');
  assert.ok((used?.at(-1) ?? 0) < 25, `${used?.at(-1)} ms: no more than a collection of garbage that was under way`);
  for (const { path, files } of archives) {
    const archive = await openArchive(path, storage);
    assert.equal(archive.files.length, files);
    archive.close();
  }
});

test('a closed gate is waited for before a thread is even begun', async (t) => {
  const { gate, sealer, work, signal } = newSealer(t);
  gate.close();
  const identifying = sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
  await pause(20);
  assert.equal(threadMs('seal'), undefined);
  assert.deepEqual(gate.running, []);
  gate.open();
  await identifying;
});

test('a failure comes back with its code and hint, and the next job is served', async (t) => {
  const { sealer, job, work, signal, target } = newSealer(t);
  const empty = temporaryFolder(t);
  await assert.rejects(
    sealer.seal({ ...job, source: empty }, work, signal),
    (error: SealError) => error.code === 'EMPTY' && !error.message.includes(empty),
  );
  await assert.rejects(
    sealer.identify({ kind: 'identify', siteKey, source: join(empty, 'gone') }, work, signal),
    (error: SealError) => error.code === 'UNREADABLE' && !error.message.includes('gone'),
  );
  assert.deepEqual(readdirSync(target), []);
  await sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
});

test('all tiers or none: one that cannot be written takes the other with it', async (t) => {
  const { sealer, job, work, signal, target } = newSealer(t);
  const [first] = job.archives;
  const twice = [first!, { ...first!, tier: 'nonsense' as 'study' }];
  await assert.rejects(sealer.seal({ ...job, archives: twice }, work, signal));
  assert.deepEqual(readdirSync(target), []);
});

test('stopping in the middle ends the thread and the job; another sealer of the same target is not disturbed', async (t) => {
  const { sealer, job, work, target } = newSealer(t);
  const stop = new AbortController();
  const sealing = assert.rejects(sealer.seal(job, work, stop.signal), /stopping/);
  await until(() => readdirSync(target).length > 0, 'the beginning of an archive');
  stop.abort(new Error('stopping'));
  await sealing;
  await until(() => threadMs('seal') === undefined, 'the end of the thread');
  const { archives } = await sealer.seal(job, work, new AbortController().signal);
  assert.equal(archives.length, 2);
});

test('a thread that dies in a job says so, one that dies between jobs is replaced', async (t) => {
  const { sealer, job, work, signal } = newSealer(t);
  await sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
  const dying = assert.rejects(sealer.seal(job, work, signal), (error: SealError) => error.code === 'WORKER_DIED');
  await pause(50);
  await sealer.stop();
  await dying;
  await sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
});

test('an idle thread is ended after a while, and begun again when it is needed', async (t) => {
  const { sealer, work, signal } = newSealer(t, { keepIdleMs: 30 });
  await sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
  await until(() => threadMs('seal') === undefined, 'the end of the idle thread');
  await sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
});
