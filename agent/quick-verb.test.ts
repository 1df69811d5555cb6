import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, quickVerb } from './quick-verb.ts';

const options = { data: '/nowhere', json: false };
const isQuick = (line: string) => quickVerb(options, line.split(' ')) !== undefined;

test('status and procedure are quick when they are well spelled', () => {
  for (const line of [
    'status',
    'procedure',
    'procedure status',
    'procedure why',
    'procedure why --since 7d',
    'procedure stop',
    'procedure stop --holder nurse',
    'procedure start --reason x',
    'procedure start --for 10 --reason=x --holder=nurse',
  ]) {
    assert.equal(isQuick(line), true, line);
  }
});

test('help, mistakes and every other verb are left to the program that explains them', () => {
  for (const line of [
    'cases',
    '--help',
    'status --help',
    'status now',
    'procedure --help',
    'procedure begin',
    'procedure status now',
    'procedure why now',
    'procedure start',
    'procedure start x',
    'procedure start --reason',
    'procedure start --reason --for',
    'procedure start --help',
    'procedure stop --reason x',
  ]) {
    assert.equal(isQuick(line), false, line);
  }
});

test('how far back to look is a number with m, h or d', () => {
  assert.deepEqual(['90m', '24h', '7d'].map(duration), [5_400_000, 86_400_000, 604_800_000]);
  for (const since of ['', '0h', '5', 'h', '1w', '1.5h', '-1h']) {
    assert.throws(() => duration(since), { code: 'MISUSED' }, since);
  }
});

test('a time or a holder that cannot be is a mistake, said at once', () => {
  for (const flag of ['--for=0', '--for=1441', '--for=soon', '--for=-1', `--holder=${'x'.repeat(101)}`, '--holder=']) {
    const words = ['procedure', 'start', '--reason', 'x', flag];
    assert.throws(() => quickVerb(options, words), { code: 'MISUSED' }, flag);
  }
});
