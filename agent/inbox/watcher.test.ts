import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Gate } from '../../core/gate.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { until } from '../testing/until.ts';
import { InboxWatcher } from './watcher.ts';

function newWatcher(t: TestContext, folder = temporaryFolder(t)) {
  const gate = new Gate();
  gate.open();
  let woken = 0;
  const wake = () => void woken++;
  const watcher = new InboxWatcher({ gate, folders: [folder], wake, log: silentLog });
  const over = new AbortController();
  t.after(() => {
    over.abort();
    return watcher.closed();
  });
  return { gate, folder, watcher, over, woken: () => woken };
}

test('wakes for what appears, not for what was there; its first listing is work, its waiting is not', async (t) => {
  const { gate, folder, watcher, over, woken } = newWatcher(t);
  mkdirSync(join(folder, 'old'));
  await watcher.open(over.signal);
  assert.deepEqual(gate.running, ['inbox watch']);
  await until(() => gate.running.length === 0, 'the end of the first listing');
  assert.equal(woken(), 0);
  mkdirSync(join(folder, 'new'));
  await until(() => woken() > 0, 'the waking');
});

test('after its end it hears nothing, and a new one begins', async (t) => {
  const { gate, folder, watcher, over, woken } = newWatcher(t);
  await watcher.open(over.signal);
  await until(() => gate.running.length === 0, 'the end of the first listing');
  over.abort();
  await watcher.closed();
  writeFileSync(join(folder, 'x.zip'), '');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(woken(), 0);
  const next = new AbortController();
  await watcher.open(next.signal);
  await until(() => gate.running.length === 0, 'the end of the next first listing');
  writeFileSync(join(folder, 'y.zip'), '');
  await until(() => woken() > 0, 'the waking');
  next.abort();
});

test('ended in the middle of its first listing it is quiet once it has let go', async (t) => {
  const { gate, watcher, over } = newWatcher(t);
  await watcher.open(over.signal);
  over.abort();
  await watcher.closed();
  assert.deepEqual(gate.running, []);
});

test('an inbox that is not there does not keep it from being quiet', async (t) => {
  const { gate, watcher, over } = newWatcher(t, join(temporaryFolder(t), 'nowhere'));
  await watcher.open(over.signal);
  await until(() => gate.running.length === 0, 'the end of the first listing');
});

test('what is over before it began does not begin', async (t) => {
  const { gate, watcher, over } = newWatcher(t);
  over.abort();
  await watcher.open(over.signal);
  assert.deepEqual(gate.running, []);
});

test('hundreds of beginnings and ends leave no handle behind', async (t) => {
  const { gate, watcher } = newWatcher(t);
  const cycle = async () => {
    const over = new AbortController();
    await watcher.open(over.signal);
    over.abort();
  };
  await cycle();
  await watcher.closed();
  const handles = process.getActiveResourcesInfo().length;
  for (let n = 0; n < 300; n++) await cycle();
  await watcher.closed();
  assert.ok(process.getActiveResourcesInfo().length <= handles + 1);
  assert.deepEqual(gate.running, []);
});
