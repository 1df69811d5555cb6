import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOfSequence } from './sequence.ts';

/** Asks about the number between the brackets. */
function asked(text: string): boolean {
  const end = text.indexOf(']') - 1;
  return isOfSequence(text.replace('[', '').replace(']', ''), end);
}

test('a time stamp between time stamps is one of a sequence', () => {
  assert.ok(asked('T X\n4198078 1\n[4198178] 1\n4198278 1\n'));
  assert.ok(asked('T X\n[4198078] 1\n4198178 1\n'), 'the first one, by the next');
  assert.ok(asked('T X\n4198078 1\n[4198178] 1\n'), 'the last one, by the one before');
  assert.ok(asked('T X\n 1  4198278\n 1 [4198178]\n'), 'also downwards, also in another column');
});

test('a number that stands alone, or is the same in every row, is none of a sequence', () => {
  for (const text of [
    'T X\n4198078 1\n[4711238] 1\n4198278 1\n',
    'T X\n4711238 1\n[4711238] 1\n4711238 1\n',
    'T X\n4711138 1\n1 [4711238]\n',
    'T\n[4711238]\n',
    '[4711238]',
    '<Point StartTime="4711138" />\n<Point StartTime="[4711238]" />\n',
    'x4711138\nx[4711238]\n',
    'T\n4711138.5\n[4711238]\n',
    '11138\n[4711238]\n47112',
  ]) {
    assert.ok(!asked(text), text);
  }
});
