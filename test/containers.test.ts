import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  cpSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask } from '../agent/control/index.ts';
import { foldersOf } from '../agent/folders.ts';
import { sevenZipOf, zipOf } from '../agent/testing/containers.ts';
import { simulateStudy } from '../carto/index.ts';
import type { ApplianceCase } from '../protocol/documents.ts';
import { agentMain, type Finished } from './harness/process.ts';
import { IdentifierSearch } from './harness/search.ts';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

// New each time: other runs on this machine have processes with theirs among the arguments.
const typedPassword = `Zauberlehrling-${randomBytes(6).toString('hex')}`;
const filePassword = `Hexenmeister-${randomBytes(6).toString('hex')}`;
const studyName = 'Kanarienvogel Emilie 0815471100';

/** A site whose exports come in containers. One study serves all: each export of it must arrive with the same content. */
describe('containers', () => {
  let site: Site;
  let source: string;
  let names = 0;

  before(async () => {
    site = await Site.create({ rescanSeconds: 1 });
    const folder = join(site.data, 'source');
    const small = { seed: 51, points: 2, chamber: 'right-atrium' } as const;
    ({ folder: source } = await simulateStudy({ ...small, folder, names: { study: studyName } }));
    const passwords = join(site.data, 'passwords');
    writeFileSync(passwords, `not this one\n${filePassword}\n`, { mode: 0o600 });
    site.configure((config) => {
      config.intake = { ...config.intake, passwords: [{ file: passwords }] };
    });
    await site.start();
  });
  after(() => site.close());

  const staged = (suffix = '.zip') => join(site.data, `staged-${names++}${suffix}`);

  /** Puts a finished container into the inbox, and waits for the case that it becomes to be at a stage. */
  async function arrive(container: string, stage: ApplianceCase['stage'], reason?: string): Promise<ApplianceCase> {
    const known = new Set((await site.cases()).map(({ caseId }) => caseId));
    renameSync(container, join(site.inbox, basename(container)));
    return until(
      async () =>
        (await site.cases()).find((one) => !known.has(one.caseId) && one.stage === stage && one.reason === reason),
      `a new case ${stage} ${reason ?? ''}`,
      90_000,
    );
  }

  const delivered = (caseId: string) =>
    until(
      async () => (await site.cases()).find((one) => one.caseId === caseId && one.stage === 'delivered'),
      `${caseId} delivered`,
      90_000,
    );

  /** The files of a case as the cloud side exports them. */
  async function exported(caseId: string): Promise<Record<string, string>> {
    const to = join(site.data, `exported-${caseId}`);
    await expectDone(site.cloud('cases', 'export', caseId, '--to', to));
    return filesOf(to);
  }

  let reference: Record<string, string>;

  test('CONTAINER-01: a folder and a 7-Zip archive called .zip arrive with the same content', async () => {
    site.drop(source, 'folder');
    const [first] = await site.reached('delivered');
    reference = await exported(first!.caseId);
    assert.ok(Object.keys(reference).length > 20);
    const sevenZip = await arrive(sevenZipOf(source, staged('.ZIP')), 'delivered');
    assert.deepEqual(await exported(sevenZip.caseId), reference);
  });

  test('CONTAINER-02: a locked outer zip waits, says what to type, refuses a wrong password and opens with the right one', async () => {
    const locked = lockedOuter(site, source, staged(), { password: typedPassword, cipher: 'AES256' });
    const { caseId, hint } = await arrive(locked, 'held', 'password-needed');
    assert.ok(hint?.endsWith(`vestibule cases unlock ${caseId}`), hint);
    const show = await site.vestibule('cases', 'show', caseId);
    assert.match(show.stdout, new RegExp(`vestibule cases unlock ${caseId}`));

    for (const words of [
      [caseId, typedPassword],
      [caseId, `--password=${typedPassword}`],
    ]) {
      const refused = await site.vestibule('cases', 'unlock', ...words);
      assert.equal(refused.code, 2);
      assert.doesNotMatch(refused.stdout + refused.stderr, new RegExp(typedPassword));
    }
    const wrong = await unlock(site, caseId, 'Abrakadabra');
    assert.equal(wrong.code, 1, wrong.stderr);
    assert.match(wrong.stderr, /does not open it/);

    await expectDone(site.vestibule('procedure', 'start', '--reason', 'test'));
    assert.equal((await unlock(site, caseId, typedPassword)).code, 3);
    await expectDone(site.vestibule('procedure', 'stop'));

    const right = await unlock(site, caseId, typedPassword, '--wait');
    assert.equal(right.code, 0, right.stderr);
    await delivered(caseId);
    assert.deepEqual(await exported(caseId), reference);
  });

  test('CONTAINER-03: a password file of the site opens an old zip by itself', async () => {
    const locked = lockedOuter(site, source, staged(), { password: filePassword, cipher: 'ZipCrypto' });
    const { caseId } = await arrive(locked, 'delivered');
    assert.deepEqual(await exported(caseId), reference);
    const held = site.appliance.lines.filter((line) => line.event === 'case-held' && line.caseId === caseId);
    assert.deepEqual(held, []);
  });

  test('CONTAINER-04: no password is in any file of either side, nor in what they print', () => {
    const search = new IdentifierSearch([typedPassword, filePassword]);
    const outputs = [site.appliance, site.hub, site.receiver].flatMap(({ lines, errors }) => [...lines, ...errors]);
    const inFolders = ['appliance', 'cloud'].flatMap((name) => filesWithin(join(site.data, name)));
    const hits = inFolders.flatMap((file) => search.inBytes(readFileSync(file), file));
    assert.deepEqual([...hits, ...search.inBytes(Buffer.from(JSON.stringify(outputs)), 'output')], []);
    assert.equal(search.inBytes(readFileSync(join(site.data, 'passwords')), 'the file').length > 0, true);
  });

  test('CONTAINER-05: hostile and broken containers are held by name, and the next case goes on', async () => {
    const inside = join(site.data, 'hostile');
    mkdirSync(join(inside, 'AA'), { recursive: true });
    writeFileSync(join(inside, 'AA', 'evil-canary.txt'), 'x');
    const climbing = zipOf(inside, staged());
    writeFileSync(climbing, readFileSync(climbing, 'latin1').replaceAll('AA/evil', '../evil'), 'latin1');
    await arrive(climbing, 'held', 'unsafe-name');

    const cut = zipOf(source, staged());
    truncateSync(cut, Math.floor(lstatSync(cut).size / 2));
    await arrive(cut, 'held', 'unreadable');

    const flat = join(site.data, 'flat');
    mkdirSync(flat);
    closeSync(openSync(join(flat, 'zeros.xml'), 'w'));
    truncateSync(join(flat, 'zeros.xml'), 200 * 2 ** 20);
    await arrive(zipOf(flat, staged()), 'held', 'too-large');

    await arrive(zipOf(source, staged()), 'delivered');
    assert.equal(
      filesWithin(site.data).some((file) => basename(file).includes('evil') && !file.includes('hostile')),
      false,
    );
    assert.deepEqual(readdirSync(join(site.data, 'appliance', 'spool')), []);
    assert.equal((await site.vestibule('status')).code, 5);
  });

  test('CONTAINER-06: a stick with two exports is imported, and nothing on it is touched', async () => {
    const stick = join(site.data, 'stick');
    mkdirSync(join(stick, 'Patient A'), { recursive: true });
    cpSync(source, join(stick, 'Patient A', 'Export'), { recursive: true });
    zipOf(source, join(stick, 'Patient B.zip'));
    const before = snapshot(stick);

    await expectDone(site.vestibule('procedure', 'start', '--reason', 'test'));
    assert.equal((await site.vestibule('import', stick)).code, 3);
    await expectDone(site.vestibule('procedure', 'stop'));

    const done = await expectDone(site.vestibule('import', stick, '--wait', '--json'));
    const { found, cases } = JSON.parse(done.stdout) as { found: number; cases: ApplianceCase[] };
    assert.deepEqual([found, cases.length], [2, 2]);
    for (const { caseId } of cases) {
      await delivered(caseId);
      assert.deepEqual(await exported(caseId), reference);
    }
    assert.deepEqual(snapshot(stick), before);
    assert.equal((await site.vestibule('import', join(site.data, 'nowhere'))).code, 1);
  });

  test('CONTAINER-07: killed in the middle of a locked zip, nothing of the export is readable in the data folder', async () => {
    const { folder } = await simulateStudy({
      ...{ folder: join(site.data, 'large'), seed: 52, points: 24, names: { study: studyName } },
    });
    const from = site.appliance.lines.length;
    const locked = lockedOuter(site, folder, staged(), { password: filePassword, cipher: 'AES256' });
    renameSync(locked, join(site.inbox, basename(locked)));
    await site.appliance.said('case-settled', 90_000, from);
    const inSpool = () => openFilesBelow(site.appliance.pid, join(site.data, 'appliance', 'spool'));
    await until(async () => (inSpool()[0]?.length ?? 0) > 1_000_000, 'what was unpacked so far', 30_000, 5);
    // A closed gate holds the reading where it is. Over the socket: on a fast machine a command would come too late.
    await ask(foldersOf(site.data).socket, { verb: 'procedure-start', reason: 'test', holder: 'cli' });
    const search = new IdentifierSearch([studyName, 'Kanarienvogel']);
    const spooled = inSpool();
    assert.equal(spooled.length, 1);
    assert.ok(spooled[0]!.length > 1_000_000);
    assert.deepEqual(search.inBytes(spooled[0]!, 'the spool'), []);
    await site.appliance.kill9();
    const left = filesWithin(join(site.data, 'appliance')).filter((file) => !file.startsWith(site.inbox));
    assert.deepEqual(
      left.flatMap((file) => search.inBytes(readFileSync(file), file)),
      [],
    );
    assert.ok(search.inFolder(folder).length > 0, 'the search would find it');

    await site.startAppliance();
    await expectDone(site.vestibule('procedure', 'stop'));
    const { caseId } = site.appliance.lines.slice(from).find(({ event }) => event === 'case-settled')!;
    await delivered(String(caseId));
  });

  test('CONTAINER-08: where the site asks, nothing is sealed until a person lets the case go on', async () => {
    await site.appliance.stop();
    site.configure((config) => {
      config.intake = { ...config.intake, mode: 'ask' };
    });
    await site.startAppliance();
    const { caseId, counts, archives } = await arrive(zipOf(source, staged()), 'held', 'needs-approval');
    assert.deepEqual([counts?.points, archives], [2, []]);
    assert.equal(
      filesWithin(join(site.data, 'appliance', 'cases')).some((file) => file.includes(caseId)),
      false,
    );
    await expectDone(site.vestibule('cases', 'release', caseId));
    await delivered(caseId);
    assert.equal((await site.vestibule('cases', 'release', caseId)).code, 1);
  });
});

/** The export in a zip, in a zip with a password: as a workstation writes it. */
function lockedOuter(
  site: Site,
  source: string,
  target: string,
  lock: { password: string; cipher: 'AES256' | 'ZipCrypto' },
) {
  const aside = join(site.data, `outer-of-${basename(target)}`);
  mkdirSync(aside);
  zipOf(source, join(aside, 'export.zip'));
  return zipOf(aside, target, lock);
}

/** Gives a password on standard input, and looks meanwhile that it is in no process's arguments or environment. */
function unlock(site: Site, caseId: string, password: string, ...flags: string[]): Promise<Finished> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [agentMain, 'cases', 'unlock', caseId, ...flags, '--data', site.data], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => out.push(piece));
  child.stderr.on('data', (piece: Buffer) => err.push(piece));
  child.stdin.end(`${password}\n`);
  const looking = setInterval(() => assertNowhereInProcesses(password), 50);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearInterval(looking);
      const ms = performance.now() - startedMs;
      resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), ms });
    });
  });
}

function assertNowhereInProcesses(secret: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const what of ['cmdline', 'environ']) {
      let text = '';
      try {
        text = readFileSync(`/proc/${pid}/${what}`, 'latin1');
      } catch {
        // It has ended, or is not ours to look at.
      }
      assert.equal(text.includes(secret), false, `${what} of ${pid}`);
    }
  }
}

/** Every plain file below a folder. */
function filesWithin(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function filesOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    filesWithin(folder)
      .toSorted()
      .map((file) => [file.slice(folder.length), readFileSync(file, 'latin1')]),
  );
}

/** Everything that a stat tells but the time of the last access. */
function snapshot(folder: string): string[] {
  const paths = [folder, ...(readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name))];
  return paths.toSorted().map((path) => {
    const { mode, uid, gid, size, mtimeMs, ctimeMs, ino, nlink } = lstatSync(path);
    return [path, mode, uid, gid, size, mtimeMs, ctimeMs, ino, nlink].join(' ');
  });
}

/** The bytes of files that a process has open below a folder, also of those without a name. */
function openFilesBelow(pid: number, folder: string): Buffer[] {
  return readdirSync(`/proc/${pid}/fd`)
    .filter((handle) => readlinkSync(`/proc/${pid}/fd/${handle}`).startsWith(`${folder}/`))
    .map((handle) => readFileSync(`/proc/${pid}/fd/${handle}`));
}
