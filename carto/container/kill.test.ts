import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { childrenOf, namelessFilesOf, stateOf, until } from './testing/processes.ts';
import { sevenZip, writeTree } from './testing/tools.ts';

const canary = 'QX-Vestibulum-Jane-1947';
const reader = fileURLToPath(new URL('./testing/interrupted-read.ts', import.meta.url));

/** An export that nothing compresses, in an archive, in an encrypted zip: what a careless reader leaves is plain to see. */
function outerZip(t: TestContext, type: 'zip' | '7z') {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'in'), { 's.xml': '<Study name="x"></Study>', 'a.txt': `${canary}\n`.repeat(30_000) });
  sevenZip(join(folder, 'in'), 'a', `-t${type}`, '-mx0', '../out/inner.zip', '.');
  sevenZip(join(folder, 'out'), 'a', '-tzip', '-mx0', '-mem=AES256', '-pgeheim', '../outer.zip', '.');
  for (const name of ['in', 'out']) rmSync(join(folder, name), { recursive: true });
  const data = join(folder, 'data');
  mkdirSync(data);
  return { path: join(folder, 'outer.zip'), data };
}

const holdsCanary = (paths: readonly string[]) => paths.some((path) => readFileSync(path).includes(canary));
const filesOf = (folder: string) => readdirSync(folder).map((name) => join(folder, name));

async function killedInTheMiddle(path: string, data: string, how: string) {
  const child = fork(reader, [path, data, 'geheim', how], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const pid = child.pid ?? 0;
  await once(child, 'message');
  const spools = namelessFilesOf(pid, data);
  const spooled = spools.reduce((sum, file) => sum + readFileSync(file).length, 0);
  const found = { spooled, inSpool: holdsCanary(spools), children: childrenOf(pid) };
  child.kill('SIGKILL');
  await once(child, 'exit');
  return { ...found, inFolder: holdsCanary(filesOf(data)), left: readdirSync(data) };
}

for (const type of ['zip', '7z'] as const) {
  test(`kill -9 while a ${type} in an encrypted zip is read: nothing readable is left, and no process`, async (t) => {
    const { path, data } = outerZip(t, type);
    const found = await killedInTheMiddle(path, data, 'sealed');
    assert.ok(found.spooled > 500_000, 'it was in the middle');
    assert.deepEqual([found.inSpool, found.inFolder, found.left], [false, false, []]);
    assert.equal(found.children.length, type === '7z' ? 1 : 0);
    await until(() => found.children.every((pid) => stateOf(pid) === undefined), 'the end of 7-Zip');
  });
}

test('the same search finds what a careless spool would leave', async (t) => {
  const { path, data } = outerZip(t, 'zip');
  const found = await killedInTheMiddle(path, data, 'clear');
  assert.deepEqual([found.inFolder, found.left], [true, ['.spool']]);
});
