import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Decision, ProcedureStatus } from '../protocol/control.ts';
import { freePortBase } from './harness/ports.ts';
import { Site } from './harness/site.ts';
import { until } from './harness/until.ts';

/** An order of this room, as an interface engine would send it now. */
function order(status: 'IP' | 'CM'): string {
  const stamp = `${new Date().toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`;
  const lines = [
    `MSH|^~\\&|CVIS|H|GATE|EP|${stamp}||ORM^O01|M-${status}|P|2.5`,
    'PID|1||SECRET-7^^^H||MILLER^ANNA||19700101|F',
    'PV1|1|I|EP1^^^H',
    `ORC|SC||ORDER-77||${status}`,
  ];
  return lines.join('\r');
}

/** Sends one message over MLLP and gives back what the appliance answers. */
function send(port: number, message: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`\x0b${message}\x1c\r`));
    socket.on('data', (answer) => {
      socket.destroy();
      resolve(answer.toString('latin1'));
    });
    socket.on('error', reject);
  });
}

test('GATE-02: an HL7 sender opens and closes the gate, over kill -9, and nothing of its patient is kept', async (t) => {
  const site = await Site.create({ coolDownSeconds: 1 });
  t.after(() => site.close());
  const port = await freePortBase(1);
  site.configure((config) => {
    const hl7 = { address: '127.0.0.1', port, peers: ['127.0.0.1'], rooms: ['EP1'] };
    config.procedure = { ...config.procedure, authorities: ['hl7'], hl7 };
  });

  const start = async () => {
    const from = site.appliance.lines.length;
    site.appliance.start();
    await site.appliance.said('started', 60_000, from);
  };
  const status = async () =>
    JSON.parse((await site.vestibule('procedure', 'status', '--json')).stdout) as ProcedureStatus;
  await start();
  assert.deepEqual([(await status()).state, (await status()).gate], ['unknown', 'closed'], 'no lease is no word');

  assert.match(await send(port, order('CM')), /MSA\|AA\|M-CM/);
  await until(async () => (await status()).gate === 'open', 'an open gate');
  assert.match(await send(port, order('IP')), /MSA\|AA\|M-IP/);
  const busy = await status();
  assert.deepEqual([busy.state, busy.gate], ['active', 'closed']);
  assert.ok(
    busy.evidence.some(({ source, says, effect }) => source === 'hl7' && says === 'busy' && effect === 'closes'),
  );

  await site.appliance.kill9();
  await start();
  assert.equal((await status()).state, 'active', 'what was busy outlives the process');
  await send(port, order('CM'));
  await until(async () => (await status()).gate === 'open', 'an open gate');

  const why = JSON.parse((await site.vestibule('procedure', 'why', '--since', '1h', '--json')).stdout) as {
    readonly decisions: readonly Decision[];
  };
  const gates = why.decisions.map(({ gate }) => gate).filter((gate, at, all) => gate !== all[at - 1]);
  assert.deepEqual(gates, ['closed', 'open', 'closed', 'open']);
  const kept = ['procedure/decisions.jsonl', 'procedure/hl7.json', 'vestibule.log'].map((name) =>
    readFileSync(join(site.data, 'appliance', name), 'utf8'),
  );
  for (const text of kept) assert.doesNotMatch(text, /MILLER|SECRET-7|ORDER-77/);
});

test('GATE-03: a person’s word opens where the site allows it, never against a lease, and not after a restart', async (t) => {
  const site = await Site.create({ coolDownSeconds: 0.2 });
  t.after(() => site.close());
  const port = await freePortBase(1);
  site.configure((config) => {
    const hl7 = { address: '127.0.0.1', port, peers: ['127.0.0.1'], rooms: ['EP1'] };
    config.procedure = { ...config.procedure, authorities: ['hl7'], hl7, override: { allowed: true, maxMinutes: 10 } };
  });
  const start = async () => {
    const from = site.appliance.lines.length;
    site.appliance.start();
    await site.appliance.said('started', 60_000, from);
  };
  const override = (...words: readonly string[]) => site.vestibule('procedure', 'override', ...words);
  const open = (minutes: string) => override('open', '--reason', 'SECRET called off', '--for', minutes);
  const status = () => site.vestibule('procedure', 'status', '--json');
  const gate = async () => (JSON.parse((await status()).stdout) as ProcedureStatus).gate;
  await start();
  await send(port, order('IP'));
  assert.equal((await open('11')).code, 3, 'longer than the site allows');
  assert.equal((await open('5')).code, 0);
  await until(async () => (await gate()) === 'open', 'an open gate');
  const loud = await site.vestibule('status');
  assert.equal(loud.code, 5);
  assert.match(loud.stdout, /ALARM +OVERRIDE/);

  await site.appliance.kill9();
  await start();
  assert.equal((JSON.parse((await status()).stdout) as ProcedureStatus).state, 'active');
  assert.equal((await open('5')).code, 0);
  await until(async () => (await gate()) === 'open', 'an open gate');
  await site.vestibule('procedure', 'start', '--reason', 'case');
  assert.equal(await gate(), 'closed');
  const refused = await open('5');
  assert.deepEqual([refused.code, /leases: held by cli/.test(refused.stderr)], [3, true]);
  for (const name of ['procedure/decisions.jsonl', 'vestibule.log', 'ledger.db', 'ledger.db-wal']) {
    const path = join(site.data, 'appliance', name);
    if (existsSync(path)) assert.equal(readFileSync(path).includes('SECRET'), false, name);
  }
});
