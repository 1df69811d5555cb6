import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { FakeClock } from '../testing/clock.ts';
import { EventEvidence } from './event-evidence.ts';

const hour = 3_600_000;

function place(t: TestContext) {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  const path = join(folder, 'procedure', 'hl7.json');
  const open = () => new EventEvidence({ source: 'hl7', path, clock, busyMs: 6 * hour, secret: Buffer.from('secret') });
  return { clock, path, open };
}

const words = (evidence: EventEvidence) => evidence.statements.map(({ key, says }) => `${key} ${says}`);

test('an end takes back what was said under its own key alone', (t) => {
  const evidence = place(t).open();
  evidence.began('a', 'x');
  evidence.began('b', 'x');
  evidence.ended('a');
  evidence.ended('never began');
  assert.deepEqual(words(evidence), ['b busy']);
});

test('free is forgotten when something begins, and after its time', async (t) => {
  const { clock, open } = place(t);
  const evidence = open();
  evidence.free('over', hour);
  assert.deepEqual(words(evidence), ['free free']);
  evidence.began('a', 'x');
  evidence.ended('a');
  assert.deepEqual(words(evidence), []);
  evidence.free('over', hour);
  await clock.advance(hour);
  assert.deepEqual(words(evidence), []);
});

test('busy outlives a restart with the time that is left, free does not', async (t) => {
  const { clock, open } = place(t);
  const first = open();
  first.began('a', 'x');
  first.free('over', hour);
  first.save();
  await clock.advance(5 * hour);
  clock.jumpWall(-10 * 365 * 24 * hour);
  const second = open();
  assert.deepEqual(words(second), ['a busy']);
  await clock.advance(hour);
  assert.deepEqual(words(second), []);
});

test('after a reboot the time of busy begins anew', async (t) => {
  const { clock, open } = place(t);
  const first = open();
  first.began('a', 'x');
  first.save();
  await clock.advance(5 * hour);
  clock.reboot();
  const again = open();
  await clock.advance(6 * hour - 1);
  assert.deepEqual(words(again), ['a busy']);
  await clock.advance(1);
  assert.deepEqual(words(again), []);
});

for (const text of ['', '{', '{"bootId":"boot-1"}', '{"bootId":"boot-1","busy":[{"key":1}]}', '[]']) {
  test(`a file that cannot be understood counts as busy: ${text || '(empty)'}`, (t) => {
    const { path, open } = place(t);
    const first = open();
    first.began('a', 'x');
    first.save();
    writeFileSync(path, text);
    assert.deepEqual(words(open()), ['unreadable busy']);
  });
}

test('what cannot be written is said so, and counts all the same', (t) => {
  const { path, open } = place(t);
  const evidence = open();
  writeFileSync(join(path, '..'), 'a file where the folder should be');
  evidence.began('a', 'x');
  assert.throws(() => evidence.save());
  assert.deepEqual(words(evidence), ['a busy']);
  rmSync(join(path, '..'));
  evidence.save();
  assert.deepEqual(words(open()), ['a busy'], 'written as soon as it can be');
});

test('many ids at once stay bounded, and none is taken back by another', (t) => {
  const evidence = place(t).open();
  for (let at = 0; at < 500; at++) evidence.began(`k${at}`, 'x');
  assert.equal(evidence.statements.length, 64);
  for (let at = 0; at < 500; at++) evidence.ended(`k${at}`);
  assert.deepEqual(words(evidence), ['many busy']);
});

test('a digest says nothing without the secret, and what is kept holds no id', (t) => {
  const { path, clock, open } = place(t);
  const evidence = open();
  evidence.began(evidence.digestOf('ORDER-77'), 'x');
  evidence.save();
  const other = new EventEvidence({ source: 'hl7', path, clock, busyMs: 1, secret: Buffer.from('other') });
  assert.notEqual(evidence.digestOf('ORDER-77'), other.digestOf('ORDER-77'));
  assert.doesNotMatch(readFileSync(path, 'utf8'), /ORDER/);
});
