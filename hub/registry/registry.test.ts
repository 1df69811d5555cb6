import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { isRunning, stampOf } from './process-stamp.ts';
import { openRegistry } from './registry.ts';

const certificate = {
  commonName: 'dev1',
  subject: 'CN=dev1',
  issuer: 'CN=ca',
  sha1Thumbprint: 'A'.repeat(40),
  sha256Thumbprint: 'B'.repeat(64),
  serialNumber: '01',
  notBefore: '2030-01-01T00:00:00.000Z',
  notAfter: '2031-01-01T00:00:00.000Z',
};

test('enrolling twice is one enrolment; a bad id is refused', async (t) => {
  const registry = await openRegistry(temporaryFolder(t));
  const first = registry.enrol({ registrationId: 'dev1' });
  assert.deepEqual(registry.enrol({ registrationId: 'dev1' }), first);
  registry.setEnabled('dev1', false);
  assert.equal(registry.enrol({ registrationId: 'dev1' }).enabled, false, 'enrolling again does not enable');
  assert.equal(registry.enrolments().length, 1);
  for (const registrationId of ['', 'Dev1', 'a b', 'dps:x', '../x', 'x'.repeat(65)]) {
    assert.throws(() => registry.enrol({ registrationId }), { code: 'BAD_ID' });
  }
  registry.close();
});

test('a device: made by DPS, disabled, enabled, removed; unknown ones are said to be unknown', async (t) => {
  const registry = await openRegistry(temporaryFolder(t));
  registry.enrol({ registrationId: 'dev1' });
  assert.equal(registry.mayConnect('dev1'), false, 'enrolled is not yet registered');
  const made = registry.assignDevice('dev1', certificate);
  assert.deepEqual(made.certificate, certificate);
  assert.equal(registry.mayConnect('dev1'), true);
  const again = registry.assignDevice('dev1', { ...certificate, serialNumber: '02' });
  assert.equal(again.generationId, made.generationId);
  assert.equal(again.certificate?.serialNumber, '02');
  registry.setEnabled('dev1', false);
  assert.equal(registry.mayConnect('dev1'), false);
  assert.equal(registry.enrolment('dev1')?.enabled, false);
  assert.equal(registry.assignDevice('dev1', certificate).enabled, false, 'registering does not enable');
  registry.removeDevice('dev1');
  assert.deepEqual(registry.devices(), []);
  assert.notEqual(registry.assignDevice('dev1', certificate).generationId, made.generationId);
  assert.throws(() => registry.setEnabled('nobody', true), { code: 'UNKNOWN_DEVICE' });
  assert.throws(() => registry.removeDevice('nobody'), { code: 'UNKNOWN_DEVICE' });
  assert.throws(() => registry.createDevice('dev1'), { code: 'DEVICE_EXISTS' });
  registry.close();
});

test('etags: a change from an old reading is refused', async (t) => {
  const registry = await openRegistry(temporaryFolder(t));
  const { etag } = registry.createDevice('dev1');
  const changed = registry.updateDevice('dev1', false, 'lost', etag);
  assert.deepEqual([changed.enabled, changed.statusReason], [false, 'lost']);
  assert.throws(() => registry.updateDevice('dev1', true, undefined, etag), { code: 'ETAG_MISMATCH' });
  assert.throws(() => registry.removeDevice('dev1', etag), { code: 'ETAG_MISMATCH' });
  registry.close();
});

test('two openers at once: each sees what the other did, and is told that it did', async (t) => {
  const folder = temporaryFolder(t);
  const [one, two] = await Promise.all([openRegistry(folder), openRegistry(folder)]);
  one.changedElsewhere();
  two.enrol({ registrationId: 'dev1' });
  assert.equal(one.changedElsewhere(), true);
  assert.equal(one.changedElsewhere(), false);
  assert.equal(one.enrolment('dev1')?.enabled, true);
  one.enrol({ registrationId: 'dev2' });
  assert.equal(one.changedElsewhere(), false, 'own changes are no news');
  one.close();
  two.close();
});

test('connected means connected to a hub that runs', async (t) => {
  const registry = await openRegistry(temporaryFolder(t));
  registry.createDevice('dev1');
  registry.noteConnected('dev1', certificate);
  assert.equal(registry.device('dev1')?.connected, false, 'no hub has claimed the registry');
  registry.claimForHub();
  assert.equal(registry.device('dev1')?.connected, false, 'a hub that starts has nobody connected');
  registry.noteConnected('dev1', certificate);
  assert.equal(registry.device('dev1')?.connected, true);
  const seen = new Date('2030-05-05T05:05:05Z');
  registry.noteDisconnected('dev1', seen);
  assert.equal(registry.device('dev1')?.lastSeenAt, seen.toISOString());
  registry.noteConnected('dev1', certificate);
  registry.database.prepare('UPDATE hub_process SET stamp = ?').run(`${systemClock.bootId} ${process.pid} 1`);
  assert.equal(registry.device('dev1')?.connected, false, 'the same pid, but another process');
  registry.close();
});

test('a second hub on the same folder is refused while the first runs', async (t) => {
  const registry = await openRegistry(temporaryFolder(t));
  const other = spawn('sleep', ['30']);
  await once(other, 'spawn');
  registry.claimForHub();
  registry.claimForHub();
  const stamp = stampOf(other.pid as number, systemClock.bootId) as string;
  registry.database.prepare('UPDATE hub_process SET stamp = ?').run(stamp);
  assert.throws(() => registry.claimForHub(), { code: 'HUB_RUNS' });
  other.kill('SIGKILL');
  await once(other, 'exit');
  registry.claimForHub();
  registry.close();
});

test('a process stamp holds as long as the process, and no longer', async () => {
  const child: ChildProcess = spawn('sleep', ['30']);
  await once(child, 'spawn');
  const stamp = stampOf(child.pid as number, 'boot') as string;
  assert.equal(isRunning(stamp, 'boot'), true);
  assert.equal(isRunning(stamp, 'another boot'), false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(isRunning(stamp, 'boot'), false);
});
