import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Command } from 'commander';
import { pendingRecords } from '../agent/audit/index.ts';
import { addVerbs } from '../agent/verbs.ts';
import { openStore } from '../core/database.ts';
import type { AuditAction, AuditRecord } from '../protocol/audit.ts';
import { newId } from '../protocol/ids.ts';
import { agentMain } from './harness/process.ts';
import { Site } from './harness/site.ts';
import { until } from './harness/until.ts';

let site: Site;
before(async () => {
  site = await Site.create();
});
after(() => site?.close());

const own = (name: string) => join(site.data, 'appliance', name);
const heldCase = async () => (await site.cases()).find(({ stage }) => stage === 'held')?.caseId ?? '';

/**
 * Every verb: how it is tried here, and the record that it must leave; a verb without one only reads, and must leave the
 * appliance's folder as it is. `alone`: tried with the daemon dead as well, where it leaves the same.
 */
interface Trial {
  readonly words?: () => readonly string[] | Promise<readonly string[]>;
  readonly input?: string;
  readonly leaves?: AuditAction;
  readonly alone?: true;
}
const trials: Readonly<Record<string, Trial>> = {
  status: {},
  'cases list': {},
  'cases show': { words: async () => [await heldCase()] },
  'cases release': { words: async () => [await heldCase()], leaves: 'case-release' },
  'cases unlock': { words: async () => [await heldCase()], input: 'a password\n', leaves: 'case-unlock' },
  // A held case is held already, and nobody has the other: the real ones are WITHDRAW-01 and DISK-04.
  'cases hold': { words: async () => [await heldCase(), '--reason', 'Jane Doe'], leaves: 'refused' },
  'cases retry': { words: async () => [await heldCase()], leaves: 'case-retry' },
  'cases export': { words: async () => [await heldCase(), '--to', join(site.data, 'exported')], leaves: 'case-export' },
  'cases withdraw': { words: () => [newId('case'), '--reason', 'Jane Doe'], leaves: 'refused' },
  'procedure status': {},
  'procedure start': { words: () => ['--reason', 'Jane Doe is on the table'], leaves: 'procedure-start', alone: true },
  'procedure stop': { leaves: 'procedure-stop', alone: true },
  'procedure why': {},
  'procedure record': { words: () => ['--out', join(site.data, 'recording')] },
  'procedure replay': { words: () => [join(site.data, 'recording')] },
  // This site's file allows none: who is refused is on record as well.
  'procedure override open': { words: () => ['--reason', 'Jane Doe went home', '--for', '5'], leaves: 'refused' },
  'procedure override close': { leaves: 'procedure-override-end' },
  // Nothing is parked here: who is refused is on record as well.
  'outbox show': {},
  'outbox retry': { words: () => ['itm-aaaaaaaaaa-1-0'], leaves: 'refused' },
  'outbox drop': { words: () => ['itm-aaaaaaaaaa-1-0', '--reason', 'of Jane Doe'], leaves: 'refused' },
  inspect: { words: () => [site.inbox] },
  analyse: { words: () => [site.inbox] },
  import: { words: () => [emptyFolder()], leaves: 'import-start' },
  'audit tail': {},
  'audit verify': {},
  repair: {},
  relink: { words: () => ['Map-bbbbbbbb'], leaves: 'relink', alone: true },
  setup: { leaves: 'setup' },
  run: { leaves: 'daemon-started' },
  simulate: { words: () => ['--out', join(site.data, 'simulated'), '--points', '2'] },
};

function emptyFolder(): string {
  const folder = join(site.data, 'empty');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The paths of all verbs that can be called. */
function verbs(of: Command, path: readonly string[] = []): string[] {
  if (of.commands.length === 0) return [path.join(' ')];
  return of.commands.flatMap((one) => verbs(one, [...path, one.name()]));
}

type Found = Omit<AuditRecord, 'seq'> & { readonly seq?: number };

/** What `audit tail` prints, without the cost of a process: what is chained, then what waits for a daemon. */
function records(): Found[] {
  const chained = existsSync(own('ledger.db')) ? site.ledger(({ audit }) => audit.tail(1000)) : [];
  const pending = pendingRecords(own('audit')).flatMap(({ stamped }) => (stamped ? [stamped.record] : []));
  return [...chained.map(({ record }) => JSON.parse(record) as AuditRecord), ...pending];
}

/** Tries a verb and returns the records that came of it. */
async function tryVerb(verb: string): Promise<Found[]> {
  const { words, input = '' } = trials[verb] ?? {};
  const known = new Set(records().map(({ id }) => id));
  const line = [agentMain, ...verb.split(' '), ...((await words?.()) ?? []), '--data', site.data];
  await new Promise<void>((resolve) => {
    execFile(process.execPath, line, () => resolve()).stdin?.end(input);
  });
  return records().filter(({ id }) => !known.has(id));
}

/** Digest of every file of the appliance but those that reading a database makes, and the log. */
function fingerprint(): string {
  const files = readdirSync(own('.'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.db-(shm|wal)$|^vestibule\.log$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const digest = createHash('sha256');
  for (const file of files) digest.update(file).update(readFileSync(file));
  return digest.digest('hex');
}

const changing = Object.entries(trials).filter(([, { leaves }]) => leaves !== undefined);
const me = { actor: 'person', uid: process.getuid?.(), uidFrom: 'owner' };
const byWhom = ({ actor, uid, uidFrom }: Found) => ({ actor, uid, uidFrom });

test('AUDIT-01: there is a trial for every verb of the command line, so that a new one cannot change state unrecorded', () => {
  const vestibule = new Command();
  addVerbs(vestibule, { data: '', json: false });
  assert.deepEqual(verbs(vestibule).toSorted(), Object.keys(trials).toSorted());
});

test('AUDIT-02: with the daemon dead, what a verb changed is on record, and a daemon that starts chains it once', async () => {
  assert.deepEqual(
    records().map(({ action, seq }) => [action, seq]),
    [['setup', undefined]],
  );
  await startAlone();
  await site.appliance.kill9();
  const before = records();
  assert.deepEqual(
    before.slice(0, 2).map(({ action, seq }) => [action, seq]),
    [
      ['setup', 1],
      ['daemon-started', 2],
    ],
  );
  for (const [verb, { leaves }] of changing.filter(([, { alone }]) => alone)) {
    const left = await tryVerb(verb);
    assert.deepEqual(
      left.map(({ action, seq }) => [action, seq]),
      [[leaves, undefined]],
      verb,
    );
    assert.deepEqual(left.map(byWhom), [me], verb);
  }
  const all = records().map(({ id }) => id);
  await startAlone();
  const chained = records();
  assert.deepEqual(
    chained.slice(0, all.length).map(({ id }) => id),
    all,
  );
  assert.equal(chained[all.length]?.action, 'daemon-started');
  assert.deepEqual(
    chained.map(({ seq }) => seq),
    chained.map((_, at) => at + 1),
  );
});

test('AUDIT-03: every verb that changes something leaves its record, with the user that the kernel names', async () => {
  mkdirSync(join(site.inbox, 'not a study'));
  writeFileSync(join(site.inbox, 'not a study', 'notes.txt'), 'nothing of CARTO');
  for (const [verb, { leaves }] of changing) {
    if (verb === 'setup' || verb === 'run') continue;
    await until(async () => (await site.cases()).some(({ stage }) => stage === 'held'), 'a case to be held');
    if (!verb.startsWith('procedure')) await until(() => gateIs('open'), 'the gate to open');
    const left = (await tryVerb(verb)).filter(({ actor }) => actor === 'person');
    assert.deepEqual(
      left.map(({ action }) => action),
      [leaves],
      verb,
    );
    assert.deepEqual(left.map(byWhom), [me], verb);
  }
});

test('AUDIT-04: who is refused is on record too, and every decision about the gate with its evidence', async () => {
  const known = records().length;
  assert.equal((await site.vestibule('cases', 'release', 'case-aaaaaaaaaaaaaaaaaaaa')).code, 1);
  const left = records()
    .slice(known)
    .filter(({ action }) => action === 'refused');
  assert.deepEqual(
    left.map(({ subject, evidence }) => ({ subject, evidence })),
    [{ subject: 'case-aaaaaaaaaaaaaaaaaaaa', evidence: { verb: 'case-release', code: 'NO_SUCH_CASE' } }],
  );
  const decided = readFileSync(own('procedure/decisions.jsonl'), 'utf8').trimEnd().split('\n');
  const states = decided.map((line) => JSON.parse(line) as { from: string; state: string });
  const moves = states.filter(({ from, state }) => from !== state).map(({ from, state }) => `${from} ${state}`);
  const recorded = records().filter(({ action }) => /^(gate-opened|gate-closed|procedure-state)$/.test(action));
  const evidence = recorded.map((one) => one.evidence as { from: string; state: string; said: unknown[] });
  assert.deepEqual(
    evidence.map(({ from, state }) => `${from} ${state}`),
    moves,
  );
  assert.ok(evidence.every(({ said }) => said.length > 0));
});

test('AUDIT-05: nothing that somebody typed is in the log as it leaves, and people at the machine see it', async () => {
  const { stdout } = await site.vestibule('audit', 'tail', '-n', '1000');
  assert.match(stdout, /Jane Doe is on the table/);
  assert.doesNotMatch(JSON.stringify(records()), /Doe|not a study|notes/);
});

test('AUDIT-06: with the daemon dead every other verb leaves the appliance as it is', async () => {
  await site.appliance.stop();
  assert.equal(records().at(-1)?.action, 'daemon-stopped');
  const before = fingerprint();
  const reading = Object.keys(trials).filter((verb) => trials[verb]?.leaves === undefined);
  // `replay` reads what `record` writes.
  assert.deepEqual(await tryVerb('procedure record'), []);
  const left = await Promise.all(reading.filter((verb) => verb !== 'procedure record').map(tryVerb));
  assert.deepEqual(left.flat(), []);
  assert.equal(fingerprint(), before);
});

test('AUDIT-07: verify names the first record that is altered, from the files alone', async () => {
  const whole = await site.vestibule('audit', 'verify', '--json');
  const count = records().length;
  const { ok, records: verified, pending } = JSON.parse(whole.stdout) as Record<string, unknown>;
  assert.deepEqual([whole.code, ok, verified, pending], [0, true, count, 0]);
  // Somebody with all rights on the files, and a program that knows nothing of chains.
  const db = openStore(own('ledger.db'), [{ version: 1000, sql: '' }]);
  db.exec(`DROP TRIGGER audit_is_never_changed; UPDATE audit SET record = replace(record, 'person', 'cloud')`);
  db.close();
  const { code, stdout, stderr } = await site.vestibule('audit', 'verify', '--json');
  assert.equal(code, 1);
  assert.deepEqual((JSON.parse(stdout) as { fault: unknown }).fault, {
    kind: 'altered',
    seq: 1,
    what: 'record 1 was altered',
  });
  assert.match(stderr, /record 1 was altered/);
});

test('MIGRATE-04: with a ledger of a newer major release every command says so, with what to do, and exits with 1', async () => {
  const db = openStore(own('ledger.db'), [{ version: 1000, sql: '' }]);
  db.pragma('user_version = 2000');
  db.close();
  for (const words of [['run'], ['cases', 'list'], ['audit', 'verify']]) {
    const { code, stdout, stderr } = await site.vestibule(...words);
    assert.deepEqual([code, stdout], [1, ''], words.join(' '));
    assert.match(stderr, /SCHEMA_TOO_NEW/);
    assert.match(stderr, /schema 2000, this release knows up to \d+/);
    assert.match(stderr, /A newer release wrote it. Start that release again; no data was changed/);
  }
});

async function gateIs(gate: 'open' | 'closed'): Promise<boolean> {
  const { stdout } = await site.vestibule('procedure', 'status', '--json');
  return (JSON.parse(stdout) as { gate: string }).gate === gate;
}

/** The appliance without its cloud. */
async function startAlone(): Promise<void> {
  const from = site.appliance.lines.length;
  site.appliance.start();
  await site.appliance.said('started', 60_000, from);
}
