import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { Decision } from '../../protocol/control.ts';
import { foldersOf } from '../folders.ts';
import { History } from '../procedure/index.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

function vestibule(data: string, ...words: readonly string[]) {
  return new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [main, ...words, '--data', data], (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** An appliance whose daemon is dead, and which has a history: free for an hour, then a case of half an hour. */
function place(t: TestContext) {
  const data = temporaryFolder(t);
  const folders = foldersOf(data);
  mkdirSync(folders.folder);
  const history = new History(folders.decisions, silentLog);
  const nowMs = Date.now();
  const add = (minute: number, gate: Decision['gate'], says: 'busy' | 'free', more: Partial<Decision> = {}) =>
    history.append({
      ...{ at: new Date(nowMs - (95 - minute) * 60_000).toISOString(), bootId: 'b', monotonicMs: minute * 60_000 },
      ...{ from: 'unknown', state: gate === 'open' ? 'idle' : 'active', gate },
      evidence: [
        { source: 'leases', key: '', says, what: says === 'busy' ? 'held by cli' : 'no lease is held', ageMs: 0 },
      ],
      ...more,
    });
  add(0, 'closed', 'free', { started: true, state: 'settling' });
  add(2, 'open', 'free');
  add(60, 'closed', 'busy');
  add(90, 'closed', 'free');
  const policy = join(data, 'policy.yaml');
  writeFileSync(policy, 'inboxes: [/srv]\nprocedure: { authorities: [leases], coolDownSeconds: 600 }\n');
  return { data, policy, recording: join(data, 'recording.jsonl') };
}

test('why works with the daemon dead, shows the strip, and says that nobody answered', async (t) => {
  const { data } = place(t);
  const { code, stdout, stderr } = await vestibule(data, 'procedure', 'why');
  assert.equal(code, 4);
  assert.match(stdout, /open +idle +58 min +leases free: no lease is held/);
  assert.match(stdout, /closed +active +30 min +leases busy: held by cli/);
  assert.match(stderr, /No daemon answers/);
  const recent = JSON.parse((await vestibule(data, 'procedure', 'why', '--since', '40m', '--json')).stdout);
  assert.equal(recent.decisions.length, 2);
});

test('what was recorded is replayed under another policy, and the price of it is said in minutes', async (t) => {
  const { data, policy, recording } = place(t);
  const recorded = await vestibule(data, 'procedure', 'record', '--out', recording, '--json');
  assert.deepEqual(JSON.parse(recorded.stdout), { file: recording, decisions: 4 });
  assert.equal(readFileSync(recording, 'utf8').split('\n').length, 5);
  const replayed = await vestibule(data, 'procedure', 'replay', recording, '--policy', policy, '--json');
  assert.deepEqual(JSON.parse(replayed.stdout), {
    ...{ recordedMinutes: 90, procedureMinutes: 30 },
    policy: { openMinutes: 50, missMinutes: 0, needlessMinutes: 10 },
    asRecorded: { openMinutes: 58, missMinutes: 0, needlessMinutes: 2 },
  });
  const text = (await vestibule(data, 'procedure', 'replay', recording, '--policy', policy)).stdout;
  assert.match(text, /90 minutes recorded, 30 of them with a procedure/);
});

test('a recording that is none, and a truth that nobody tells, are mistakes', async (t) => {
  const { data, policy, recording } = place(t);
  assert.equal((await vestibule(data, 'procedure', 'replay', policy, '--policy', policy)).code, 2);
  await vestibule(data, 'procedure', 'record', '--out', recording);
  const words = ['procedure', 'replay', recording, '--policy', policy, '--truth', 'weather'];
  assert.equal((await vestibule(data, ...words)).code, 2);
});
