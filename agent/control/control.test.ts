import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GatewayError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { ControlRequest } from '../../protocol/control.ts';
import { RawConnection } from '../testing/raw-connection.ts';
import { ask, type ControlError } from './client.ts';
import { type ControlHandlers, ControlServer } from './server.ts';

const status: ControlRequest = { verb: 'procedure-status' };

/** A server that writes down what it was asked and answers with the verb. */
async function serve(
  t: TestContext,
  more: { readonly path?: string; readonly handlers?: Partial<ControlHandlers> } = {},
) {
  const path = more.path ?? join(temporaryFolder(t), 'control.sock');
  const asked: ControlRequest[] = [];
  const note = (request: ControlRequest) => {
    asked.push(request);
    return { heard: request.verb };
  };
  const verbs: ControlHandlers = {
    ...{ status: note, 'procedure-status': note, 'procedure-start': note, 'procedure-stop': note },
    ...{ 'procedure-override': note, 'procedure-override-end': note },
    ...{ 'case-release': note, 'case-unlock': note, 'case-unlock-status': note },
    ...{ 'outbox-retry': note, 'outbox-drop': note },
    ...{ 'import-start': note, 'import-status': note, 'audit-take': note },
    ...{ 'case-hold': note, 'case-retry': note, 'case-withdraw': note },
    ...{ 'case-export': note, 'case-export-status': note },
  };
  const server = new ControlServer({ path, log: silentLog, talkMs: 300, handlers: { ...verbs, ...more.handlers } });
  await server.start();
  t.after(() => server.stop());
  return { server, path, asked };
}

/** A server that does with each connection what the test wants. */
async function serveOddly(t: TestContext, onConnection: (socket: Socket) => void): Promise<string> {
  const path = join(temporaryFolder(t), 'control.sock');
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return path;
}

const fails = (code: string) => (error: ControlError) => error.code === code;

test('asks one question and gets its answer; only owner and group may', async (t) => {
  const { path, asked } = await serve(t);
  const request: ControlRequest = { verb: 'procedure-start', reason: 'a case', holder: 'cli', forMs: 60_000 };
  assert.deepEqual(await ask(path, request), { heard: 'procedure-start' });
  assert.deepEqual(asked, [request]);
  assert.equal(statSync(path).mode & 0o777, 0o660);
});

test('a path longer than a socket may have works, for both sides', async (t) => {
  const folder = join(temporaryFolder(t), 'a'.repeat(120), 'b'.repeat(120));
  mkdirSync(folder, { recursive: true });
  const { server, path } = await serve(t, { path: join(folder, 'control.sock') });
  assert.deepEqual(await ask(path, status), { heard: 'procedure-status' });
  await server.stop();
  assert.equal(existsSync(path), false);
  assert.equal(await ask(path, status), undefined);
});

test('nobody there: no socket, no folder, or the socket that a killed daemon left', async (t) => {
  const folder = temporaryFolder(t);
  assert.equal(await ask(join(folder, 'control.sock'), status), undefined);
  assert.equal(await ask(join(folder, 'x'.repeat(200), 'control.sock'), status), undefined);
  const left = join(folder, 'left.sock');
  const server = createServer().listen(left);
  await new Promise((resolve) => server.once('listening', resolve));
  // A socket file whose listener is gone, as after a kill -9: renamed away, so that closing does not find it.
  renameSync(left, join(folder, 'dead.sock'));
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await ask(join(folder, 'dead.sock'), status), undefined);
});

test('a socket that a killed daemon left is replaced at start', async (t) => {
  const path = join(temporaryFolder(t), 'control.sock');
  writeFileSync(path, '');
  await serve(t, { path });
  assert.deepEqual(await ask(path, status), { heard: 'procedure-status' });
});

test('a daemon that is deaf, ends, answers half, nonsense or without end: a code each, never a hang', async (t) => {
  const deaf = await serveOddly(t, () => {});
  await assert.rejects(ask(deaf, status, 50), fails('CONTROL_TIMEOUT'));
  const ending = await serveOddly(t, (socket) => socket.end());
  await assert.rejects(ask(ending, status), fails('CONTROL_CLOSED'));
  const half = await serveOddly(t, (socket) => socket.end('{"ok":true,"resu'));
  await assert.rejects(ask(half, status), fails('CONTROL_GARBLED'));
  const endless = await serveOddly(t, (socket) => socket.write('x'.repeat(2 << 20)));
  await assert.rejects(ask(endless, status), fails('CONTROL_GARBLED'));
});

test('a refusal keeps code, message and hint of our own errors, and nothing but the code of others', async (t) => {
  const { path } = await serve(t, {
    handlers: {
      status: () => {
        throw new GatewayError('OURS', 'as it is', { hint: 'do this' });
      },
      'procedure-status': async () => {
        throw Object.assign(new Error('open /some/patient/name'), { code: 'EACCES' });
      },
    },
  });
  await assert.rejects(ask(path, { verb: 'status' }), (error: ControlError) => {
    assert.deepEqual([error.code, error.message, error.hint], ['OURS', 'as it is', 'do this']);
    return true;
  });
  await assert.rejects(ask(path, status), (error: ControlError) => {
    assert.deepEqual([error.code, error.message], ['EACCES', 'the request failed']);
    return true;
  });
});

const refused: Readonly<Record<string, readonly [string, string]>> = {
  garbage: ['\u0000\u0001\u00ff nothing', 'BAD_REQUEST'],
  'no object': ['[1,2]', 'BAD_REQUEST'],
  'no verb': ['{"word":"status"}', 'BAD_REQUEST'],
  'a verb that is no text': ['{"verb":{}}', 'BAD_REQUEST'],
  'an unknown verb': ['{"verb":"erase"}', 'UNKNOWN_VERB'],
  'a verb of the language': ['{"verb":"constructor"}', 'UNKNOWN_VERB'],
  'two requests': ['{"verb":"status"}\n{"verb":"status"}', 'BAD_REQUEST'],
  'a start without holder': ['{"verb":"procedure-start","reason":"x"}', 'BAD_REQUEST'],
  'a start whose reason is no text': ['{"verb":"procedure-start","holder":"a","reason":5}', 'BAD_REQUEST'],
  'a start that is over': ['{"verb":"procedure-start","holder":"a","reason":"x","forMs":-1}', 'BAD_REQUEST'],
  'a stop of nobody': ['{"verb":"procedure-stop","holder":""}', 'BAD_REQUEST'],
};

for (const [what, [line, code]] of Object.entries(refused)) {
  test(`refuses ${what}, and serves the next`, async (t) => {
    const { path, asked } = await serve(t);
    const answer = JSON.parse(await new RawConnection(path).say(`${line}\n`).closed) as { error: { code: string } };
    assert.equal(answer.error.code, code);
    assert.deepEqual(asked, []);
    assert.deepEqual(await ask(path, status), { heard: 'procedure-status' });
  });
}

test('a request without end is cut off, and so is one that is too long though it ends', async (t) => {
  const { path, asked } = await serve(t);
  assert.equal(await new RawConnection(path).say('x'.repeat(1 << 20)).closed, '');
  const reason = 'x'.repeat(20_000);
  const line = JSON.stringify({ verb: 'procedure-start', holder: 'a', reason });
  assert.equal(await new RawConnection(path).say(`${line}\n`).closed, '');
  assert.deepEqual(asked, []);
});

test('a request in small pieces, cut through a letter, is understood', async (t) => {
  const { path, asked } = await serve(t);
  const connection = new RawConnection(path);
  const bytes = Buffer.from('{"verb":"procedure-stop","holder":"Schön"}\n');
  for (const byte of bytes) {
    connection.say(Uint8Array.of(byte));
    await new Promise(setImmediate);
  }
  connection.socket.end();
  await connection.closed;
  assert.deepEqual(asked, [{ verb: 'procedure-stop', holder: 'Schön' }]);
});

test('who says nothing, or half a line, is let go; who hangs up early disturbs nobody', async (t) => {
  const { path } = await serve(t);
  assert.equal(await new RawConnection(path).closed, '');
  assert.equal(await new RawConnection(path).say('{"verb":').closed, '');
  const hasty = new RawConnection(path).say('{"verb":"status"}\n');
  hasty.socket.destroy();
  await hasty.closed;
  assert.deepEqual(await ask(path, status), { heard: 'procedure-status' });
});

test('while one answer takes long, others are served; stopping ends the conversation', async (t) => {
  const slow = Promise.withResolvers<void>();
  const { server, path } = await serve(t, { handlers: { status: () => slow.promise } });
  const waiting = assert.rejects(ask(path, { verb: 'status' }), fails('CONTROL_CLOSED'));
  assert.deepEqual(await ask(path, status), { heard: 'procedure-status' });
  await server.stop();
  await waiting;
  slow.resolve();
});
