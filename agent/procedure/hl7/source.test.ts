import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { silentLog } from '../../../core/log.ts';
import { temporaryFolder } from '../../../core/testing/folder.ts';
import { seededRandom } from '../../../test/harness/random.ts';
import { FakeClock } from '../../testing/clock.ts';
import { selfSigned } from '../../testing/self-signed.ts';
import { until } from '../../testing/until.ts';
import { EventEvidence } from '../event-evidence.ts';
import { frame, MllpDecoder } from './mllp.ts';
import { type Hl7Settings, hl7Source } from './source.ts';

const minute = 60_000;

async function listening(
  t: TestContext,
  more: Partial<Pick<Hl7Settings, 'peers' | 'tls'>> & { readonly frameMs?: number } = {},
) {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  const path = join(folder, 'procedure', 'hl7.json');
  const evidence = new EventEvidence({ source: 'hl7', path, clock, busyMs: 6 * 60 * minute, secret: Buffer.from('s') });
  const { peers = ['127.0.0.1'], frameMs, tls } = more;
  const changes = { count: 0 };
  const source = hl7Source({
    settings: {
      ...{ address: '127.0.0.1', port: 0, peers, rooms: ['EP1'], fields: ['PV1-3', 'AIL-3'] },
      ...{ freeMinutes: 60, presenceMinutes: 240, ...(tls ? { tls } : {}) },
    },
    ...{ evidence, clock, log: silentLog, ...(frameMs === undefined ? {} : { frameMs }) },
    onChange: () => void changes.count++,
  });
  await source.start();
  t.after(() => source.stop());
  const words = () => source.statements().map(({ says }) => says);
  return { clock, path, source, changes, words };
}

const order = (status: string, more: { readonly id?: string; readonly at?: string; readonly room?: string } = {}) => {
  const { id = 'F-1', at = '20300101000000+0000', room = 'EP1' } = more;
  return [
    `MSH|^~\\&|CVIS|H|GATE|EP|${at}||ORM^O01|M-${id}-${status}|P|2.5`,
    'PID|1||SECRET-7^^^H||MILLER^ANNA||19700101|F',
    `PV1|1|I|${room}`,
    `ORC|SC||${id}||${status}`,
  ].join('\r');
};

/** Our own small client: sends bytes, gives back the answers as they come. */
async function talk(t: TestContext, port: number) {
  const socket: Socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const decoder = new MllpDecoder(1e6);
  const answers: string[] = [];
  const state = { closed: false };
  socket.on('error', () => {});
  socket.on('close', () => {
    state.closed = true;
  });
  socket.on('data', (chunk) => {
    answers.push(...decoder.push(chunk).messages.map((one) => one.toString('latin1')));
  });
  return { socket, answers, state };
}

test('busy until it is completed, free after that; each message is answered when it is durable', async (t) => {
  const { source, path, words, changes } = await listening(t);
  const { socket, answers } = await talk(t, source.port);
  socket.write(frame(Buffer.from(order('IP'))));
  await until(() => answers.length === 1, 'the first answer');
  assert.match(answers[0] ?? '', /MSA\|AA\|M-F-1-IP/);
  assert.deepEqual([words(), existsSync(path)], [['busy'], true]);
  socket.write(frame(Buffer.from(order('CM'))));
  await until(() => answers.length === 2, 'the second answer');
  assert.deepEqual(words(), ['free']);
  assert.equal(changes.count, 3, 'listening, and each message');
  const ids = answers.map((answer) => answer.split('|')[9]);
  assert.equal(new Set(ids).size, 2, 'own control ids');
});

test('completing one order leaves another that is in progress busy', async (t) => {
  const { source, words } = await listening(t);
  const { socket, answers } = await talk(t, source.port);
  for (const text of [order('IP'), order('IP', { id: 'F-2' }), order('CM')]) socket.write(frame(Buffer.from(text)));
  await until(() => answers.length === 3, 'three answers');
  assert.ok(words().includes('busy'));
});

test('a word of free that is old, or has no time, frees nobody; busy counts whenever it was said', async (t) => {
  const { source, words } = await listening(t);
  const { socket, answers } = await talk(t, source.port);
  for (const at of ['20291231230000+0000', '', '20400101000000+0000'])
    socket.write(frame(Buffer.from(order('CM', { at }))));
  await until(() => answers.length === 3, 'answers');
  assert.deepEqual(words(), []);
  socket.write(frame(Buffer.from(order('IP', { at: '20200101000000+0000' }))));
  await until(() => answers.length === 4, 'an answer');
  assert.deepEqual(words(), ['busy']);
});

test('other rooms are accepted and forgotten; what is no message is rejected', async (t) => {
  const { source, path, words } = await listening(t);
  const { socket, answers } = await talk(t, source.port);
  socket.write(frame(Buffer.from(order('IP', { room: 'EP2' }))));
  socket.write(frame(Buffer.from('hello')));
  socket.write(frame(Buffer.from('MSH|^~\\&|A')));
  await until(() => answers.length === 3, 'three answers');
  assert.deepEqual(
    answers.map((answer) => /MSA\|(\w\w)/.exec(answer)?.[1]),
    ['AA', 'AR', 'AR'],
  );
  assert.deepEqual([words(), existsSync(path)], [[], false]);
});

test('what cannot be made durable is answered with an error, and counts all the same', async (t) => {
  const { source, path, words } = await listening(t);
  writeFileSync(join(path, '..'), 'a file where the folder should be');
  const { socket, answers } = await talk(t, source.port);
  socket.write(frame(Buffer.from(order('IP'))));
  await until(() => answers.length === 1, 'an answer');
  assert.match(answers[0] ?? '', /MSA\|AE/);
  assert.deepEqual(words(), ['busy']);
});

test('a stranger is cut off; so are a message without end in size or in time', async (t) => {
  const strangers = await listening(t, { peers: ['192.0.2.0/24'] });
  const stranger = await talk(t, strangers.source.port);
  stranger.socket.write(frame(Buffer.from(order('IP'))));
  await until(() => stranger.state.closed, 'the end of a stranger');
  assert.deepEqual([stranger.answers, strangers.words()], [[], []]);
  const { source } = await listening(t, { frameMs: 50 });
  const long = await talk(t, source.port);
  long.socket.write(Buffer.concat([Buffer.of(0x0b), Buffer.alloc(1_200_000, 0x41)]));
  await until(() => long.state.closed, 'the end of a message without end');
  const slow = await talk(t, source.port);
  slow.socket.write(Buffer.from('\x0bMSH|'));
  await until(() => slow.state.closed, 'the end of a slow one');
});

test('a port that is taken says nothing, and is tried again', async (t) => {
  const { source } = await listening(t);
  const { clock, evidence } = { clock: new FakeClock(), evidence: { statements: [] } as unknown as EventEvidence };
  const settings = {
    ...{ address: '127.0.0.1', port: source.port, peers: ['127.0.0.1'], rooms: ['EP1'], fields: ['PV1-3'] as const },
    ...{ freeMinutes: 60, presenceMinutes: 240 },
  };
  const second = hl7Source({ settings, evidence, clock, log: silentLog, onChange: () => {} });
  await second.start();
  t.after(() => second.stop());
  assert.deepEqual(
    second.statements().map(({ says, what }) => `${says}: ${what}`),
    ['nothing: hl7 cannot listen.'],
  );
  await source.stop();
  await clock.advance(30_000);
  await until(() => second.port !== 0 && second.statements().length === 0, 'the second try');
});

test('garbage of any kind on the wire leaves the listener alive', async (t) => {
  const { source } = await listening(t);
  const random = seededRandom(7);
  for (let round = 0; round < 20; round++) {
    const { socket } = await talk(t, source.port);
    const noise = Buffer.from(Array.from({ length: 5_000 }, () => Math.floor(random() * 30)));
    await new Promise<void>((resolve) => socket.end(noise, () => resolve()));
    socket.resume();
  }
  const { socket, answers } = await talk(t, source.port);
  socket.write(frame(Buffer.from(order('IP'))));
  await until(() => answers.length === 1, 'an answer after all that');
});

test('over TLS nobody is heard without a certificate of the site’s authority, or holds up the end without a handshake', async (t) => {
  const folder = temporaryFolder(t);
  const make = (name: string, subject: string) => selfSigned(folder, name, subject);
  make('server', '/CN=gateway');
  make('peer', '/CN=engine');
  make('stranger', '/CN=stranger');
  const file = (name: string) => join(folder, name);
  const tls = { certificate: file('server.pem'), key: file('server.key'), ca: file('peer.pem') };
  const { source, words } = await listening(t, { tls });
  const send = (name: string) =>
    new Promise<string>((resolve) => {
      const read = (path: string) => readFileSync(file(path));
      const socket = connectTls({
        ...{ port: source.port, host: '127.0.0.1', ca: read('server.pem') },
        ...{ cert: read(`${name}.pem`), key: read(`${name}.key`) },
      });
      socket.on('secureConnect', () => socket.write(frame(Buffer.from(order('IP')))));
      socket.on('data', (chunk) => resolve(chunk.toString('latin1')));
      socket.on('error', () => resolve('refused'));
      socket.on('close', () => resolve('refused'));
      t.after(() => socket.destroy());
    });
  assert.deepEqual([await send('stranger'), words()], ['refused', []]);
  assert.match(await send('peer'), /MSA\|AA/);
  assert.deepEqual(words(), ['busy']);
  const mute = await talk(t, source.port);
  await until(() => !mute.socket.connecting, 'a connection without a handshake');
  const stopped = { yet: false };
  void source.stop().then(() => Object.assign(stopped, { yet: true }));
  await until(() => stopped.yet, 'the end of a listener to which somebody is connected and says nothing');
});
