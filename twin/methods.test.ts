import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { silentLog } from '../core/log.ts';
import type { MethodHandler } from '../protocol/link.ts';
import { answerMethod } from './methods.ts';

const limits = { methodMs: 20, maxMethodBytes: 100 };
const answer = (handler: MethodHandler, payload?: unknown) =>
  answerMethod({ name: 'acknowledge', payload, handler }, { log: silentLog, limits });

test('a handler gets the payload and its answer is passed on', async () => {
  const echo: MethodHandler = async (payload) => ({ status: 201, payload });
  assert.deepEqual(await answer(echo, { a: 1 }), { status: 201, payload: { a: 1 } });
  assert.deepEqual(await answer(echo, undefined), { status: 201, payload: null });
});

test('a failing handler answers 500 with a code and nothing else', async () => {
  const answered = await answer(async () => {
    throw new GatewayError('LEDGER_BUSY', 'a message that stays here');
  });
  assert.deepEqual(answered, { status: 500, payload: { code: 'LEDGER_BUSY' } });
  const bug = await answer(async () => {
    throw new TypeError('secret');
  });
  assert.deepEqual(bug, { status: 500, payload: { code: 'INTERNAL' } });
});

test('a handler that thinks too long answers 504', async () => {
  assert.deepEqual(await answer(() => new Promise(() => {})), { status: 504, payload: { code: 'DEADLINE' } });
});

test('a payload or an answer that is too large is refused', async () => {
  let called = false;
  const handler: MethodHandler = async () => {
    called = true;
    return { status: 200, payload: 'x'.repeat(200) };
  };
  assert.equal((await answer(handler, 'x'.repeat(99))).status, 413);
  assert.equal(called, false);
  assert.deepEqual(await answer(handler), { status: 500, payload: { code: 'ANSWER_TOO_LARGE' } });
});
