import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';

const guard = new URL('./node-guard.ts', import.meta.url).href;

/** Loads the guard in a process that says it has this N-API version, and after it would load SQLite. */
function load(napi: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = `Object.defineProperty(process, 'versions', { value: { ...process.versions, napi: '${napi}' } });
    await import('${guard}');
    console.log('went on');`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

test('a Node too old for the SQLite binding is refused with what to do, before anything native is loaded', async () => {
  const old = await load('9');
  assert.equal(old.code, 78);
  assert.match(old.stderr, /needs Node 24 or newer/);
  assert.equal(old.stdout, '');
});

test('this Node goes on', async () => {
  const { code, stdout } = await load(process.versions.napi ?? '');
  assert.equal(code, 0);
  assert.match(stdout, /went on/);
});
