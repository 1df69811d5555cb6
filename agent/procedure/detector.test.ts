import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcedureState } from '../../protocol/control.ts';
import { nextState, opensGate, type Word, wordOf } from './detector.ts';

const states: readonly ProcedureState[] = ['unknown', 'suspected', 'active', 'settling', 'idle'];
const words: readonly Word[] = ['busy', 'maybe', 'free', 'silent', 'cooled'];

test('busy leads to active from everywhere, weak evidence to suspected, silence to unknown', () => {
  for (const state of states) {
    assert.equal(nextState(state, 'maybe'), 'suspected', state);
    assert.equal(nextState(state, 'busy'), 'active', state);
    assert.equal(nextState(state, 'silent'), 'unknown', state);
  }
});

test('free leads to settling from everywhere but idle, which it keeps', () => {
  for (const state of states) assert.equal(nextState(state, 'free'), state === 'idle' ? 'idle' : 'settling', state);
});

test('cooled opens from settling alone: every other state settles first', () => {
  const expected = { unknown: 'settling', suspected: 'settling', active: 'settling', settling: 'idle', idle: 'idle' };
  for (const state of states) assert.equal(nextState(state, 'cooled'), expected[state], state);
});

test('the gate is open in idle alone, and no word but cooled leads into it', () => {
  assert.deepEqual(states.filter(opensGate), ['idle']);
  const ways = states.flatMap((state) => words.map((word) => [state, word] as const));
  const opening = ways.filter(([state, word]) => state !== 'idle' && opensGate(nextState(state, word)));
  assert.deepEqual(opening, [['settling', 'cooled']]);
});

test('a state or a word that nobody knows counts as unknown, which is closed', () => {
  assert.equal(nextState('paused' as ProcedureState, 'cooled'), 'unknown');
  assert.equal(nextState('idle', 'perhaps' as Word), 'unknown');
});

test('one busy statement outweighs every authority; without an authority nobody says free', () => {
  const cooled = { freeForMs: 10_000, coolDownMs: 1_000 };
  assert.equal(wordOf({ busy: 1, authoritiesFree: 3, ...cooled }), 'busy');
  assert.equal(wordOf({ busy: 1, authoritiesFree: 0, ...cooled }), 'busy');
  assert.equal(wordOf({ busy: 1, maybe: 1, authoritiesFree: 3, ...cooled }), 'busy');
  assert.equal(wordOf({ busy: 0, maybe: 1, authoritiesFree: 3, ...cooled }), 'maybe');
  assert.equal(wordOf({ busy: 0, authoritiesFree: 0, ...cooled }), 'silent');
  assert.equal(wordOf({ busy: 0, authoritiesFree: 1, ...cooled }), 'cooled');
});

test('free has cooled exactly when the cool-down is over', () => {
  const free = { busy: 0, authoritiesFree: 1, coolDownMs: 1_000 };
  assert.equal(wordOf({ ...free, freeForMs: 999 }), 'free');
  assert.equal(wordOf({ ...free, freeForMs: 1_000 }), 'cooled');
  assert.equal(wordOf({ ...free, coolDownMs: 0, freeForMs: 0 }), 'cooled');
});
