import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { freePortBase } from './harness/ports.ts';
import { agentMain, cloudMain, command, type Line, root } from './harness/process.ts';
import { until } from './harness/until.ts';

const data = mkdtempSync(join(tmpdir(), 'vestibule-start-'));
const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

const start = (...args: string[]) => startIn(data, ...args);

/** `scripts/start` as a person runs it; `lines` fills up with its milestones. */
function startIn(folder: string, ...args: string[]) {
  const child = spawn(join(root, 'scripts/start'), ['--data', folder, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const said = (event: string) =>
    until(
      () => lines.find((line) => line.event === event),
      `${event}; so far ${lines.map((line) => line.event)}`,
      120_000,
      50,
    );
  return { child, lines, ended, said };
}

const identity = () => readFileSync(join(data, 'appliance', 'keys', 'operational.pem'), 'utf8');
const caseIds = async () =>
  (JSON.parse((await command(agentMain, 'cases', '--json', '--data', data)).stdout) as { caseId: string }[]).map(
    (one) => one.caseId,
  );

test('START-01: scripts/start shows the sample case through to delivered, and Ctrl-C drains', async () => {
  const product = start('--port-base', String(await freePortBase()));
  await product.said('case-delivered');
  const events = product.lines.map((line) => line.event);
  for (const event of [
    'hub-listening',
    'approved',
    'enrolled',
    'online',
    'authority',
    'case-detected',
    'case-settled',
    'case-sealed',
  ]) {
    assert.ok(events.includes(event), `${event} in ${events}`);
  }
  assert.match(product.lines.find((line) => line.event === 'approved')!.text, /automatically/);
  assert.equal((await command(agentMain, 'status', '--data', data)).code, 0);
  product.child.kill('SIGINT');
  assert.equal(await product.ended, 0);
});

test('START-02: a second start on the same folder is the same appliance with the same ledger and catalogue', async () => {
  const [before, cases] = [identity(), await caseIds()];
  assert.equal(cases.length, 1);
  const product = start();
  await product.said('online');
  await until(
    async () => (await command(agentMain, 'procedure', '--json', '--data', data)).stdout.includes('"idle"'),
    'an open gate',
  );
  assert.equal(identity(), before);
  assert.deepEqual(await caseIds(), cases);
  const catalogue = JSON.parse((await command(cloudMain, 'cases', '--json', '--data', data)).stdout) as {
    caseId: string;
  }[];
  assert.deepEqual(
    catalogue.map((one) => one.caseId),
    cases,
  );
  assert.ok(!product.lines.some((line) => ['approved', 'sample-dropped', 'case-detected'].includes(line.event)));
  product.child.kill('SIGINT');
  await product.said('stopping');
  product.child.kill('SIGINT');
  assert.ok([0, 130].includes((await product.ended) ?? -1));
});

test('START-03: a second daemon on the same folder is refused, with the reason', async () => {
  const product = start('--no-sample');
  await product.said('online');
  const second = await command(agentMain, 'run', '--data', data);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /ALREADY_RUNNING/);
  product.child.kill('SIGINT');
  assert.equal(await product.ended, 0);
});

test('START-04: several inboxes are watched, and where no sample is wanted none is dropped', async () => {
  const folder = join(data, 'other');
  const inboxes = ['one', 'two'].map((name) => join(data, name));
  for (const inbox of inboxes) mkdirSync(inbox);
  const named = inboxes.flatMap((inbox) => ['--inbox', inbox]);
  const product = startIn(folder, '--no-sample', ...named, '--port-base', String(await freePortBase()));
  await product.said('ready');
  await product.said('online');
  for (const [seed, inbox] of inboxes.entries()) {
    const made = await command(agentMain, 'simulate', '--out', inbox, '--seed', String(seed + 1), '--points', '2');
    assert.equal(made.code, 0, made.stderr);
  }
  const delivered = () => product.lines.filter((line) => line.event === 'case-delivered').length;
  await until(() => delivered() === 2, 'both cases', 120_000, 50);
  assert.ok(!product.lines.some((line) => line.event === 'sample-dropped'));
  assert.equal(product.lines.filter((line) => line.event === 'case-detected').length, 2);
  product.child.kill('SIGINT');
  assert.equal(await product.ended, 0);
});
