import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { GatewayError } from '../../core/errors.ts';
import { Gate } from '../../core/gate.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { PasswordSource } from '../intake-config.ts';
import { until } from '../testing/until.ts';
import { expectPrivate, Passwords } from './index.ts';

const never = new AbortController().signal;

/** Passwords beside a container that opens with one alone, and notes which were tried. */
function desk(t: TestContext, opens: string | undefined, sources: readonly PasswordSource[] = []) {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const gate = new Gate();
  gate.open();
  const passwords = new Passwords({ gate, log, sources });
  const work = gate.work('test');
  t.after(() => work.end());
  const tried: (string | undefined)[] = [];
  const use = async (password: string | undefined) => {
    tried.push(password);
    if (password === opens) return 'content';
    throw new GatewayError(password === undefined ? 'PASSWORD_NEEDED' : 'WRONG_PASSWORD', 'locked');
  };
  const open = (how = use) => passwords.open('case-1', how, work, never);
  return { gate, passwords, tried, use, open, lines, work };
}

function fileOf(t: TestContext, text: string, mode = 0o600): string {
  const path = join(temporaryFolder(t), 'passwords');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const fails = (code: string) => (error: GatewayError) => error.code === code;

test('what is not locked is opened without a password, and no source is asked', async (t) => {
  const { open, tried } = desk(t, undefined, [{ file: '/nowhere/at/all' }]);
  assert.equal(await open(), 'content');
  assert.deepEqual(tried, [undefined]);
});

test('a locked container waits for a person when the site names no source', async (t) => {
  await assert.rejects(desk(t, 'secret').open(), fails('PASSWORD_NEEDED'));
});

test('a typed password is tried, kept for the next step, and forgotten once the case is sealed', async (t) => {
  const { passwords, open, tried } = desk(t, 'secret');
  passwords.offer('case-1', 'secret');
  assert.equal(passwords.attempt('case-1'), 'waiting');
  await open();
  await open();
  assert.equal(passwords.attempt('case-1'), 'opened');
  passwords.forget('case-1');
  await assert.rejects(open(), fails('PASSWORD_NEEDED'));
  assert.deepEqual(tried, ['secret', 'secret', undefined]);
});

test('a typed password that is wrong is said to be, and is not tried again', async (t) => {
  const { passwords, open, tried } = desk(t, 'secret');
  passwords.offer('case-1', 'guess');
  await assert.rejects(open(), fails('WRONG_PASSWORD'));
  assert.equal(passwords.attempt('case-1'), 'wrong');
  await assert.rejects(open(), fails('PASSWORD_NEEDED'));
  assert.deepEqual(tried, ['guess', undefined]);
});

test('the lines of a file, then of a command, are tried in their order; the one that opens it is kept', async (t) => {
  const file = fileOf(t, 'first\r\n\nsecond\n');
  const { open, tried } = desk(t, 'fourth', [{ file }, { command: ['/bin/echo', 'second\nthird\nfourth\nfifth'] }]);
  await open();
  await open();
  assert.deepEqual(tried, [undefined, 'first', 'second', 'third', 'fourth', 'fourth']);
});

test('when none fits, that is said; a source that fails is logged without its words, and the next one is asked', async (t) => {
  const file = fileOf(t, 'first\n', 0o640);
  const { open, lines, tried } = desk(t, 'other', [{ file }, { command: ['/bin/echo', 'canary-word'] }]);
  await assert.rejects(open(), fails('PASSWORD_SOURCE'));
  assert.deepEqual(tried, [undefined, 'canary-word']);
  assert.match(lines.join(), /intake\.passwords\.0/);
  assert.doesNotMatch(lines.join(), /canary-word|first|\/passwords/);
  chmodSync(file, 0o600);
  await assert.rejects(open(), fails('NO_PASSWORD_FITS'));
});

test('what one wrong password of 256 does to an old zip is not taken for a damaged export', async (t) => {
  const { open, use } = desk(t, 'right', [{ command: ['/bin/echo', 'false friend\nright'] }]);
  const misled = async (password: string | undefined) => {
    if (password === 'false friend') throw new GatewayError('NO_STUDY', 'garbage');
    return use(password);
  };
  assert.equal(await open(misled), 'content');
});

test('a file of passwords has to be private, and ours', async (t) => {
  await expectPrivate(fileOf(t, 'x', 0o400));
  for (const mode of [0o604, 0o660, 0o610]) {
    await assert.rejects(expectPrivate(fileOf(t, 'x', mode)), { code: 'PASSWORD_SOURCE', message: /open to others/ });
  }
  await assert.rejects(expectPrivate(temporaryFolder(t)), { message: /no plain file/ });
  await assert.rejects(expectPrivate('/nowhere/passwords'), (error: GatewayError) => !/nowhere/.test(error.message));
});

const bad: Readonly<Record<string, [string, ...string[]]>> = {
  'is not there': ['/nowhere/at/all'],
  fails: ['/bin/false'],
  'prints without end': ['/usr/bin/yes', 'x'.repeat(100)],
};

for (const [what, command] of Object.entries(bad)) {
  test(`a command that ${what} gives no password, and a clear code`, async (t) => {
    await assert.rejects(desk(t, 'x', [{ command }]).open(), fails('PASSWORD_SOURCE'));
  });
}

test('a command is ended when the gate closes, with all it started, and run again when it opens', async (t) => {
  const folder = temporaryFolder(t);
  const script = `echo $$ >> ${folder}/runs; [ -e ${folder}/again ] || sleep 600; echo secret`;
  const { gate, open, work } = desk(t, 'secret', [{ command: ['/bin/sh', '-c', script] }]);
  const opening = open();
  const runs = () => (existsSync(`${folder}/runs`) ? readFileSync(`${folder}/runs`, 'utf8').trim().split('\n') : []);
  await until(() => runs().length === 1, 'the first run');
  gate.close();
  await until(() => work.parked && !existsSync(`/proc/${runs()[0]}`), 'its end');
  writeFileSync(join(folder, 'again'), '');
  gate.open();
  assert.equal(await opening, 'content');
  assert.equal(runs().length, 2);
});
