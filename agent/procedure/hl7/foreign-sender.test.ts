import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../core/log.ts';
import { temporaryFolder } from '../../../core/testing/folder.ts';
import { FakeClock } from '../../testing/clock.ts';
import { selfSigned } from '../../testing/self-signed.ts';
import { EventEvidence } from '../event-evidence.ts';
import { type Hl7Settings, hl7Source } from './source.ts';

const python = '/usr/bin/python3';

/** A listener for the rooms `EP&1` and `KÄTH`, which a sender has to escape and to encode. */
async function listening(t: TestContext, more: Partial<Hl7Settings> = {}) {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  const secret = Buffer.from('s');
  const evidence = new EventEvidence({
    ...{ source: 'hl7', clock, secret, busyMs: 1e7 },
    path: join(folder, 'hl7.json'),
  });
  const source = hl7Source({
    settings: {
      ...{ address: '127.0.0.1', port: 0, peers: ['127.0.0.1'], rooms: ['EP&1', 'KÄTH'], fields: ['PV1-3', 'AIL-3'] },
      ...{ freeMinutes: 60, presenceMinutes: 240, ...more },
    },
    ...{ evidence, clock, log: silentLog, onChange: () => {} },
  });
  await source.start();
  t.after(() => source.stop());
  return { folder, source, words: () => source.statements().map(({ says }) => says) };
}

/**
 * The client of python-hl7 (Debian's python3-hl7), which escapes, encodes, frames and parses by itself. A message is
 * sent as it is built, in the encoding that is named; what it prints is how it read the answer.
 */
const client = `
import json, ssl, sys, hl7
from hl7.client import MLLPClient
for orders in json.load(sys.stdin):
    client = MLLPClient('127.0.0.1', orders['port'])
    if 'tls' in orders:
        context = ssl.create_default_context(cafile=orders['tls']['ca'])
        if 'cert' in orders['tls']: context.load_cert_chain(orders['tls']['cert'], orders['tls']['key'])
        client.socket = context.wrap_socket(client.socket, server_hostname='127.0.0.1')
    for order in orders['messages']:
        message = hl7.parse('\\r'.join(order['lines']))
        rooms = '~'.join(message.escape(one) for one in order['rooms'])
        message.segment('PV1')[3] = hl7.Field('~', [rooms])
        sent = b'\\x0b' + str(message).encode(order['encoding']) + b'\\x1c\\x0d'
        answer = hl7.parse(client.send(sent).decode('latin-1').strip('\\x0b\\x1c\\r'))
        msa = answer.segment('MSA')
        print(msa[1], str(msa[2]) == str(message.segment('MSH')[10]))
    client.close()
`;

interface Order {
  readonly lines: readonly string[];
  /** Put into PV1-3 by the library, which escapes them: one or more repetitions. */
  readonly rooms: readonly string[];
  readonly encoding: 'latin-1' | 'utf-8' | 'cp1252';
}

/** What one connection sends. */
interface Orders {
  readonly port: number;
  readonly messages: readonly Order[];
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

/** Sends with the library; the lines that it prints, or undefined when it failed. */
async function sent(...orders: readonly Orders[]) {
  return new Promise<readonly string[] | undefined>((resolve) => {
    const child = execFile(python, ['-c', client], { timeout: 30_000 }, (error, out) =>
      resolve(error ? undefined : out.trim().split('\n')),
    );
    child.stdin?.end(JSON.stringify(orders));
  });
}

const message = (
  status: string,
  more: { readonly charset?: string; readonly patient?: string; readonly z?: boolean },
) => [
  `MSH|^~\\&|CVIS|H|GATE|EP|20300101000000+0000||ORM^O01|M-1|P|2.5${more.charset ? `||||||${more.charset}` : ''}`,
  `PID|1||SECRET-7^^^H||${more.patient ?? 'MILLER'}^ANNA||19700101|F`,
  ...(more.z ? ['ZPI|1|something^of~this\\F\\site', 'ZZZ'] : []),
  'PV1|1|I|WARD',
  ...(more.z ? ['ZPV|2'] : []),
  `ORC|SC||F-1||${status}`,
];

const isInstalled = () =>
  new Promise<boolean>((resolve) => execFile(python, ['-c', 'import hl7'], (error) => resolve(error === null)));
const missing = 'python3-hl7 is not installed: scripts/install-debian mllp_send=python3-hl7';

// What this room hears of each message. The rooms of the first column are escaped by the library.
const cases: readonly (readonly [string, Omit<Order, 'lines'> & { readonly lines?: readonly string[] }, string])[] = [
  ['an escaped separator in the room’s name', { rooms: ['EP&1'], encoding: 'latin-1' }, 'busy'],
  ['this room in the second repetition', { rooms: ['WARD', 'EP&1'], encoding: 'latin-1' }, 'busy'],
  ['another room', { rooms: ['EP1', 'WARD'], encoding: 'latin-1' }, ''],
  ['Z-segments anywhere', { rooms: ['EP&1'], encoding: 'latin-1', lines: message('IP', { z: true }) }, 'busy'],
  [
    'Latin-1 as declared',
    { rooms: ['KÄTH'], encoding: 'latin-1', lines: message('IP', { charset: '8859/1' }) },
    'busy',
  ],
  [
    'UTF-8 as declared',
    { rooms: ['KÄTH'], encoding: 'utf-8', lines: message('IP', { charset: 'UNICODE UTF-8' }) },
    'busy',
  ],
  [
    'Latin-1 in the patient’s name, declared as UTF-8: the room is still read',
    { rooms: ['EP&1'], encoding: 'cp1252', lines: message('IP', { charset: 'UNICODE UTF-8', patient: 'MÜLLER' }) },
    'busy',
  ],
  [
    'an encoding that nobody knows: the room is still read',
    { rooms: ['EP&1'], encoding: 'latin-1', lines: message('IP', { charset: 'KLINGON' }) },
    'busy',
  ],
];

test('a sender that is not ours (python-hl7): escapes, repetitions, Z-segments, character sets, right and wrong', async (t) => {
  if (!(await isInstalled())) return t.skip(missing);
  const listeners = await Promise.all(cases.map(() => listening(t)));
  const orders = cases.map(([, { lines = message('IP', {}), ...more }], at): Orders => {
    return { port: listeners[at]!.source.port, messages: [{ lines, ...more }] };
  });
  const answers = (await sent(...orders)) ?? [];
  for (const [at, [name, , heard]] of cases.entries()) {
    assert.deepEqual([answers[at], listeners[at]?.words().join()], ['AA True', heard], name);
  }
});

test('one connection of that sender: busy, another room, free again; what has no type is rejected', async (t) => {
  if (!(await isInstalled())) return t.skip(missing);
  const { source, words } = await listening(t);
  const one = (status: string, room: string): Order => ({
    lines: message(status, {}),
    rooms: [room],
    encoding: 'utf-8',
  });
  const untyped = {
    lines: message('IP', {}).map((line) => line.replace('ORM^O01', '')),
    rooms: ['EP&1'],
    encoding: 'utf-8',
  } as const;
  const messages = [one('IP', 'EP&1'), one('IP', 'EP2'), untyped, one('CM', 'EP&1')];
  assert.deepEqual(await sent({ port: source.port, messages }), ['AA True', 'AA True', 'AR True', 'AA True']);
  assert.deepEqual(words(), ['free']);
});

test('that sender over TLS, with a certificate of the site’s authority and without one', async (t) => {
  if (!(await isInstalled())) return t.skip(missing);
  const folder = temporaryFolder(t);
  const file = (name: string) => join(folder, name);
  selfSigned(folder, 'server', '/CN=gateway');
  selfSigned(folder, 'peer', '/CN=engine');
  const tls = { certificate: file('server.pem'), key: file('server.key'), ca: file('peer.pem') };
  const { source, words } = await listening(t, { tls });
  const messages = [{ lines: message('IP', {}), rooms: ['EP&1'], encoding: 'utf-8' }] as const;
  assert.equal(await sent({ port: source.port, messages, tls: { ca: file('server.pem') } }), undefined);
  assert.deepEqual(words(), []);
  const peer = { ca: file('server.pem'), cert: file('peer.pem'), key: file('peer.key') };
  assert.deepEqual(await sent({ port: source.port, messages, tls: peer }), ['AA True']);
  assert.deepEqual(words(), ['busy']);
});

test('the command mllp_send sends a file of two messages', async (t) => {
  const { folder, source, words } = await listening(t);
  const file = join(folder, 'day.hl7');
  const texts = ['IP', 'CM'].map((status) => message(status, {}).join('\r').replace('|WARD', '|EP\\T\\1'));
  writeFileSync(file, texts.map((text) => `\x0b${text}\x1c\r`).join(''));
  const done = await new Promise<string | undefined>((resolve) =>
    execFile('mllp_send', ['-p', String(source.port), '-f', file, '127.0.0.1'], { timeout: 30_000 }, (error, out) =>
      resolve(error ? undefined : out),
    ),
  );
  if (done === undefined && !(await isInstalled())) return t.skip(missing);
  assert.deepEqual([done?.match(/MSA\|AA/g)?.length, words()], [2, ['free']]);
});
