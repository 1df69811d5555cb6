import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newId } from '../protocol/ids.ts';
import { archivePath, keysPathOf } from './format.ts';
import { openArchive } from './reader.ts';
import type { BuildStep } from './step.ts';
import { sweepBuilds } from './sweep.ts';
import { secretKey, tempFolder } from './testing/studies.ts';

const program = fileURLToPath(new URL('./testing/builder.ts', import.meta.url));
const run = promisify(execFile);
const mib = 1 << 20;

interface Cost {
  readonly archiveBytes: number;
  readonly seconds: number;
  readonly rssGrowthBytes: number;
  readonly handedOverBytes: number;
  readonly writtenBytes: number;
}

async function build(task: object): Promise<Cost> {
  const { stdout } = await run(process.execPath, [program, JSON.stringify(task)]);
  return JSON.parse(stdout) as Cost;
}

const killed = (error: { signal?: string }) => error.signal === 'SIGKILL';

// biome-ignore format: what lies there after a kill as that step begins
const kills: readonly (readonly [BuildStep, number, RegExp])[] = [
  ['plan',      2, /^[^ ]+\.case\.\w+\.partial$/],
  ['read',      1, /^[^ ]+\.case\.\w+\.partial$/],
  ['compress',  3, /^[^ ]+\.case\.\w+\.partial$/],
  ['insert',    9, /^[^ ]+\.case\.\w+\.partial$/],
  ['flush',     1, /^[^ ]+\.case\.\w+\.partial$/],
  ['commit',    1, /^[^ ]+\.case\.\w+\.partial$/],
  ['hash',      5, /^[^ ]+\.case\.\w+\.partial$/],
  ['settle',    1, /^[^ ]+\.case\.\w+\.partial$/],
  ['keys',      1, /^[^ ]+\.case\.\w+\.partial$/],
  ['place',     1, /^[^ ]+\.case\.\w+\.partial [^ ]+\.study\.keys$/],
];

test('kill -9 at any step leaves what the sweep removes, and never an archive without keys', async () => {
  using folder = tempFolder();
  for (const [step, time, leftovers] of kills) {
    const caseId = newId('case');
    await assert.rejects(build({ folder: folder.path, caseId, bytes: 24 * mib, killAt: { step, time } }), killed);
    assert.ok(!existsSync(archivePath(folder.path, caseId, 'study')), step);
    assert.match(readdirSync(folder.path).sort().join(' '), leftovers, step);
    assert.equal(sweepBuilds(folder.path).length, step === 'place' ? 2 : 1, step);
    assert.deepEqual(readdirSync(folder.path), [], step);
  }
});

test('after a kill the same case can be sealed again', async () => {
  using folder = tempFolder();
  const task = { folder: folder.path, caseId: newId('case'), bytes: 3 * mib };
  await assert.rejects(build({ ...task, killAt: { step: 'place', time: 1 } }), killed);
  await build(task);
  const path = archivePath(folder.path, task.caseId, 'study');
  (await openArchive(path, secretKey)).close();
  assert.equal(sweepBuilds(folder.path).length, 1);
  assert.ok(existsSync(path) && existsSync(keysPathOf(path)));
});

test('300 MB: memory stays flat, each byte is written once', async () => {
  using folder = tempFolder();
  const bytes = 300 * mib;
  const cost = await build({ folder: folder.path, caseId: newId('case'), bytes });
  const amplification = cost.handedOverBytes / cost.archiveBytes;
  const onDisk = cost.writtenBytes / cost.archiveBytes;
  console.log(
    `sealed ${bytes / mib} MiB into ${(cost.archiveBytes / mib).toFixed(0)} MiB in ${cost.seconds.toFixed(2)} s, ` +
      `RSS growth ${(cost.rssGrowthBytes / mib).toFixed(0)} MiB, written per archive byte: ` +
      `${amplification.toFixed(4)} handed to the kernel, ${onDisk.toFixed(4)} to the disk`,
  );
  assert.ok(cost.archiveBytes > 100 * mib);
  assert.ok(cost.rssGrowthBytes < 150 * mib);
  assert.ok(amplification <= 1.02);
  // 0 where the temporary folder lies in memory.
  assert.ok(onDisk <= 1.02);
});

test('a full disk ends the build, leaves nothing, and the error says so', (context) => {
  using folder = tempFolder();
  const small = join(folder.path, 'small');
  mkdirSync(small);
  const task = JSON.stringify({ folder: small, caseId: newId('case'), bytes: 60 * mib });
  const script = 'mount -t tmpfs -o size=8m tmpfs "$1" && { "$2" "$3" "$4"; echo "rc $?"; ls -A "$1" | wc -l; }';
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', small, process.execPath, program, task],
    { encoding: 'utf8' },
  );
  if (status !== 0 || !stdout.includes('rc ')) return context.skip('a small file system cannot be mounted here');
  assert.match(stdout, /^rc 1\n\s*0\n$/);
  assert.match(stderr, /SQLITE_FULL|ENOSPC/);
  assert.equal(statSync(small).isDirectory(), true);
});
