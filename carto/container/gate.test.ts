import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Checkpoint, passAlways } from '../../core/gate-flag.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { contentOf } from '../pieces.ts';
import { openSource } from './open-source.ts';
import { childrenOf, stateOf, until } from './testing/processes.ts';
import { sevenZip, writeTree } from './testing/tools.ts';

/** A gate as a checkpoint sees it: `closed` resolves when somebody waits there. */
function newGate() {
  let passing: Promise<void> | undefined;
  let open = () => {};
  let arrived = () => {};
  const checkpoint: Checkpoint = async (beforeWaiting) => {
    if (passing) await beforeWaiting?.();
    arrived();
    await passing;
  };
  const close = () => {
    passing = new Promise((resolve) => {
      open = () => {
        passing = undefined;
        resolve();
      };
    });
    return new Promise<void>((resolve) => {
      arrived = resolve;
    });
  };
  return { checkpoint, close, open: () => open() };
}

const rows = Array.from({ length: 40_000 }, (_, index) => `${index} ${(index * 7919) % 6007} ${index ** 3}`).join(
  '\r\n',
);

test('while somebody waits at the gate, 7-Zip stands still; then it goes on to the same end', async (t) => {
  const folder = temporaryFolder(t);
  const tree = Object.fromEntries(['b', 'c', 'd'].map((name) => [`${name}.txt`, rows + name]));
  writeTree(join(folder, 'in'), { 'a.xml': '<Study name="x"></Study>', ...tree });
  sevenZip(join(folder, 'in'), 'a', '-t7z', '-m0=PPMd', '../out.7z', '.');
  const gate = newGate();
  const source = await openSource(join(folder, 'out.7z'), gate.checkpoint, { spoolFolder: folder });
  t.after(() => source.close?.());
  const [sevenZipPid = 0] = childrenOf(process.pid);
  let isOver = false;
  const reading = contentOf(source.files.at(-1)!, passAlways).finally(() => {
    isOver = true;
  });
  let closings = 0;
  while (!isOver && closings < 8) {
    const arrived = gate.close();
    await Promise.race([arrived, reading]);
    if (isOver) break;
    closings++;
    await until(() => stateOf(sevenZipPid)?.state === 'S', 'the waiting of 7-Zip');
    const before = stateOf(sevenZipPid);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(stateOf(sevenZipPid), before);
    gate.open();
    await new Promise((resolve) => setImmediate(resolve));
  }
  gate.open();
  assert.ok(closings > 3, `only ${closings} closings`);
  assert.equal((await reading).toString(), tree['d.txt']);
});

test('a gate that closes while 7-Zip loads finds no process of it; after the opening the archive is read', async (t) => {
  const folder = temporaryFolder(t);
  const tree = { 'a.xml': '<Study name="x"></Study>' };
  writeTree(join(folder, 'in'), tree);
  sevenZip(join(folder, 'in'), 'a', '-t7z', '../out.7z', '.');
  const gate = newGate();
  const opening = openSource(join(folder, 'out.7z'), gate.checkpoint, { spoolFolder: folder });
  await until(() => childrenOf(process.pid).length > 0, 'the start of 7-Zip');
  await gate.close();
  assert.deepEqual(childrenOf(process.pid), []);
  gate.open();
  const source = await opening;
  t.after(() => source.close?.());
  assert.equal((await contentOf(source.files[0]!, passAlways)).toString(), tree['a.xml']);
});

test('closing a source ends 7-Zip, and its files say so', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'in'), { 'a.xml': '<Study name="x"></Study>', 'b.txt': rows, 'c.txt': rows });
  sevenZip(join(folder, 'in'), 'a', '-t7z', '-ms=off', '../out.7z', '.');
  const source = await openSource(join(folder, 'out.7z'), passAlways, { spoolFolder: folder });
  const children = childrenOf(process.pid);
  assert.equal(children.length, 1);
  await source.close?.();
  await source.close?.();
  await until(() => children.every((pid) => stateOf(pid) === undefined), 'the end of 7-Zip');
  await assert.rejects(contentOf(source.files.at(-1)!, passAlways), { code: 'UNREADABLE' });
});
