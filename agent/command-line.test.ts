import assert from 'node:assert/strict';
import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../core/testing/folder.ts';
import type { ProcedureStarted, ProcedureStatus } from '../protocol/control.ts';
import { foldersOf } from './folders.ts';
import { InstanceLock } from './instance-lock.ts';
import { readLeases } from './procedure/index.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const loadedModules = new URL('./testing/loaded-modules.ts', import.meta.url).href;

interface Finished {
  readonly code: ChildProcess['exitCode'];
  readonly stdout: string;
  readonly stderr: string;
}

function vestibule(data: string, words: readonly string[], node: readonly string[] = []): Promise<Finished> {
  return new Promise((resolve) => {
    const env = { ...process.env, LOADED_MODULES: join(data, 'loaded.json') };
    const child = execFile(process.execPath, [...node, main, ...words, '--data', data], { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** A data folder as setup leaves it, as far as leases are concerned. */
function dataFolder(t: TestContext) {
  const data = temporaryFolder(t);
  const folders = foldersOf(data);
  mkdirSync(folders.folder);
  return { data, folders };
}

/** Something that listens where the daemon would, and answers each line with `answer`, or never. */
async function listen(t: TestContext, path: string, answer?: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    t.after(() => socket.destroy());
    socket.on('error', () => {}).on('data', () => answer && socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close());
}

const start = ['procedure', 'start', '--reason', 'case', '--json'];
const started = (finished: Finished) => JSON.parse(finished.stdout) as ProcedureStarted;

test('status, procedure and their failures load no package, and little of ours', async (t) => {
  const { data, folders } = dataFolder(t);
  const run = async (...words: string[]) => {
    await vestibule(data, words, ['--import', loadedModules]);
    const urls = JSON.parse(readFileSync(join(data, 'loaded.json'), 'utf8')) as string[];
    assert.ok(urls.includes(new URL('./main.ts', import.meta.url).href), 'the hook sees what is loaded');
    return urls;
  };
  const packages = (urls: readonly string[]) => urls.filter((url) => url.includes('/node_modules/'));
  for (const words of [['status'], ['procedure'], start, ['procedure', 'stop']]) {
    const urls = await run(...words);
    assert.deepEqual(packages(urls), [], words.join(' '));
    assert.ok(urls.filter((url) => url.startsWith('file:')).length <= 18, `${words}: ${urls.length}`);
  }
  const answer = JSON.stringify({ ok: true, result: { lease: {}, quiet: true, waiting: [], daemon: true } });
  await listen(t, folders.socket, `${answer}\n`);
  const withDaemon = await run(...start);
  assert.deepEqual(packages(withDaemon), []);
  assert.equal(withDaemon.includes('node:crypto'), false, 'with a daemon nothing is written here');
  assert.ok(packages(await run('--help')).length > 0, 'the hook sees packages');
});

test('an idle daemon has loaded nothing that reads studies, and its ledger’s thread no package but the database', async (t) => {
  const loadedBy = async (file: string) => {
    const list = join(temporaryFolder(t), 'loaded.json');
    const { href } = new URL(file, import.meta.url);
    const script = ['--import', loadedModules, '--input-type=module', '-e', `await import('${href}')`];
    await promisify(execFile)(process.execPath, script, { env: { ...process.env, LOADED_MODULES: list } });
    const urls = JSON.parse(readFileSync(list, 'utf8')) as string[];
    assert.ok(urls.includes(href));
    return urls;
  };
  const within = (room: string) => new URL(`../${room}/`, import.meta.url).href;
  const daemon = await loadedBy('./daemon.ts');
  assert.deepEqual(
    daemon.filter((url) => url.startsWith(within('carto'))),
    [],
  );
  const packages = (await loadedBy('../uploader/ledger-worker.ts')).map(
    (url) => /node_modules\/([^/]+)\//.exec(url)?.[1],
  );
  assert.deepEqual([...new Set(packages)].filter((name) => name !== undefined).toSorted(), ['better-sqlite3']);
});

test('start, status and stop work with no daemon, and say that there is none', async (t) => {
  const { data, folders } = dataFolder(t);
  const taken = started(await vestibule(data, [...start, '--for', '5']));
  assert.deepEqual([taken.daemon, taken.quiet, taken.waiting, taken.lease.forMs], [false, true, [], 300_000]);
  assert.deepEqual(readLeases(folders.leases), [taken.lease]);
  const status = await vestibule(data, ['procedure', '--json']);
  assert.equal(status.code, 4);
  assert.equal((JSON.parse(status.stdout) as ProcedureStatus).state, 'active');
  assert.equal((await vestibule(data, ['procedure', 'stop', '--holder', 'nurse'])).code, 0);
  assert.equal(readLeases(folders.leases).length, 1, 'another holder has nothing to release');
  assert.equal((await vestibule(data, ['procedure', 'stop'])).code, 0);
  assert.deepEqual(readLeases(folders.leases), []);
});

test('a folder without an appliance takes no lease: nobody would ever read it', async (t) => {
  const data = temporaryFolder(t);
  for (const words of [start, ['procedure', 'stop'], ['procedure']]) {
    const { code, stderr } = await vestibule(data, words);
    assert.equal(code, 4, words.join(' '));
    assert.match(stderr, /There is no appliance/);
  }
  assert.equal(existsSync(foldersOf(data).folder), false);
});

test('a daemon that does not answer does not keep the lease from being written, and is not called quiet', async (t) => {
  const { data, folders } = dataFolder(t);
  const lock = new InstanceLock(folders.folder);
  await lock.start();
  t.after(() => lock.stop());
  await listen(t, folders.socket);
  const { daemon, quiet, waiting } = started(await vestibule(data, start));
  assert.deepEqual([daemon, quiet, waiting], [false, false, ['a daemon that does not answer']]);
  assert.equal(readLeases(folders.leases).length, 1);
  assert.equal((await vestibule(data, ['procedure', 'stop'])).code, 0);
  assert.deepEqual(readLeases(folders.leases), []);
});

for (const [what, answer] of Object.entries({
  'answers nonsense': 'nonsense\n',
  'refuses for a reason of its own': '{"ok":false,"error":{"code":"LEASE_NOT_WRITTEN","message":"no room"}}\n',
})) {
  test(`the lease is written when the daemon ${what}`, async (t) => {
    const { data, folders } = dataFolder(t);
    await listen(t, folders.socket, answer);
    assert.equal(started(await vestibule(data, start)).daemon, false);
    assert.equal(readLeases(folders.leases).length, 1);
  });
}

test('when neither daemon nor command can write it, the daemon’s reason is said and the exit code is 1', async (t) => {
  const { data, folders } = dataFolder(t);
  const refusal = {
    ok: false,
    error: { code: 'LEASE_NOT_WRITTEN', message: 'the gate is closed, but', hint: 'free it' },
  };
  await listen(t, folders.socket, `${JSON.stringify(refusal)}\n`);
  writeFileSync(folders.leases, 'no folder');
  const { code, stderr } = await vestibule(data, start);
  assert.equal(code, 1);
  assert.match(stderr, /LEASE_NOT_WRITTEN: the gate is closed, but/);
});

test('a reason of any length is taken, and cut', async (t) => {
  const { data, folders } = dataFolder(t);
  const reason = 'x'.repeat(50_000);
  assert.equal((await vestibule(data, ['procedure', 'start', '--reason', reason])).code, 0);
  assert.equal(readLeases(folders.leases)[0]?.reason.length, 200);
});

test('what only a daemon can do says that there is none; a password among the arguments is refused, unprinted', async (t) => {
  const { data } = dataFolder(t);
  const id = 'case-aaaaaaaaaaaaaaaaaaaa';
  for (const words of [
    ['cases', 'release', id],
    ['import', data],
  ]) {
    assert.equal((await vestibule(data, words)).code, 4, words.join(' '));
  }
  for (const words of [
    [id, 'canary-password'],
    [id, '--password', 'canary-password'],
    [id, '--password=canary-password'],
  ]) {
    const { code, stdout, stderr } = await vestibule(data, ['cases', 'unlock', ...words]);
    assert.equal(code, 2);
    assert.doesNotMatch(stdout + stderr, /canary-password/);
    assert.match(stderr, /prompt/);
  }
});

test('STALL-01: status says since when nothing was delivered and why, and exits with 5', async (t) => {
  const { data, folders } = dataFolder(t);
  const text = 'Not delivered since 2030-01-01T00:00:00.000Z, though it is owed. For 30 h of that there was no link.';
  const alarm = { code: 'no-delivery-progress', since: '2030-01-01T00:00:00.000Z', cause: 'no-link', text };
  const result = {
    ...{ version: '1', device: 'd', startedAt: '', cases: {}, inboxes: 1, privacy: { profile: 'pseudonymised' } },
    procedure: { state: 'idle', gate: 'open', since: '', leases: [], why: '', authorities: [], evidence: [] },
    link: { state: 'offline', since: '' },
    delivery: { lastReceiptAt: '2029-12-31T00:00:00.000Z', owedSince: '2030-01-01T00:00:00.000Z', alarm },
    disk: { freeBytes: 1, totalBytes: 2 },
    storage: { state: 'room', usedBytes: 1, budgetBytes: 2, reserveBytes: 1 },
    budgets: { diskClass: 'idle' },
  };
  await listen(t, folders.socket, `${JSON.stringify({ ok: true, result })}\n`);
  const { code, stdout, stderr } = await vestibule(data, ['status']);
  assert.equal(code, 5);
  assert.ok(stderr.includes(text));
  assert.match(stdout, /ALARM +Not delivered since/);
  assert.match(stdout, /delivery +last receipt 2029-12-31T00:00:00.000Z; not delivered since 2030-01-01/);
  const json = await vestibule(data, ['status', '--json']);
  assert.deepEqual(JSON.parse(json.stdout), result);
  assert.equal(json.code, 5);
});
