import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { formatBytes, table, takeGlobalOptions } from './cli.ts';

const take = (args: readonly string[], environment = {}) => takeGlobalOptions(args, environment);

test('--data and --json are taken from anywhere after the verb, the rest stays in order', () => {
  for (const args of [
    ['cases', 'show', 'ID', '--json', '--data', 'x'],
    ['cases', '--data=x', 'show', '--json', 'ID'],
    ['--json', 'cases', '--data', 'x', 'show', 'ID'],
  ]) {
    const { options, rest } = take(args);
    assert.deepEqual(options, { data: resolve('x'), json: true });
    assert.deepEqual(rest, ['cases', 'show', 'ID']);
  }
});

test('the default folder, the one of the environment, and the flag outrank each other in this order', () => {
  assert.equal(take(['status']).options.data, resolve('.vestibule'));
  assert.equal(take(['status'], { VESTIBULE_DATA: '/a' }).options.data, '/a');
  assert.equal(take(['status', '--data', '/b'], { VESTIBULE_DATA: '/a' }).options.data, '/b');
});

test('behind a lone -- nothing is taken; --data without a folder is misuse', () => {
  assert.deepEqual(take(['a', '--', '--json']), {
    options: { data: resolve('.vestibule'), json: false },
    rest: ['a', '--', '--json'],
  });
  assert.throws(() => take(['status', '--data']), { code: 'MISUSED' });
});

test('bytes and tables read well', () => {
  assert.deepEqual([0, 1, 1023, 1024, 1536, 5 * 2 ** 30].map(formatBytes), [
    '0 B',
    '1 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '5.0 GiB',
  ]);
  assert.equal(
    table([
      ['a', 'bb', 'c'],
      ['aaa', 'b', 'c'],
    ]),
    'a    bb  c\naaa  b   c',
  );
});
