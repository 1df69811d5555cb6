import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../core/testing/folder.ts';
import { type InstanceError, InstanceLock, isInstanceRunning } from './instance-lock.ts';

const refused = (error: InstanceError) => error.code === 'ALREADY_RUNNING' && /vestibule status/.test(error.hint ?? '');

test('a second lock on the same folder is refused, whatever the folder is called; another folder is free', async (t) => {
  const folder = temporaryFolder(t);
  const alias = join(temporaryFolder(t), 'alias');
  symlinkSync(folder, alias);
  const lock = new InstanceLock(folder);
  await lock.start();
  await assert.rejects(new InstanceLock(alias).start(), refused);
  const other = new InstanceLock(temporaryFolder(t));
  await other.start();
  await other.stop();
  await lock.stop();
  const next = new InstanceLock(folder);
  await next.start();
  await next.stop();
});

test('says from outside whether a daemon lives', async (t) => {
  const folder = temporaryFolder(t);
  assert.equal(await isInstanceRunning(folder), false);
  const lock = new InstanceLock(folder);
  await lock.start();
  assert.equal(await isInstanceRunning(folder), true);
  await lock.stop();
  assert.equal(await isInstanceRunning(folder), false);
});

test('kill -9 frees the lock at once; a process that is only stopped still has it', async (t) => {
  const folder = temporaryFolder(t);
  const module = new URL('./instance-lock.ts', import.meta.url).href;
  const code = `const { InstanceLock } = await import(${JSON.stringify(module)});
    await new InstanceLock(${JSON.stringify(folder)}).start(); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  holder.kill('SIGSTOP');
  assert.equal(await isInstanceRunning(folder), true);
  await assert.rejects(new InstanceLock(folder).start(), refused);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = new InstanceLock(folder);
  await lock.start();
  await lock.stop();
});
