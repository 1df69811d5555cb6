import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { Supervisor } from './supervise.ts';

function supervise(script: string) {
  const lines: string[] = [];
  const restarts: string[] = [];
  const line = Promise.withResolvers<void>();
  const twice = Promise.withResolvers<void>();
  const supervisor = new Supervisor({
    clock: { ...systemClock, sleep: async () => {} },
    onLine: (_program, text) => {
      lines.push(text);
      line.resolve();
      if (lines.length === 2) twice.resolve();
    },
    onErrorLine: () => {},
    onRestart: (_program, how) => restarts.push(how),
  });
  supervisor.start({ name: 'child', command: process.execPath, args: ['-e', script] });
  return { supervisor, lines, restarts, line: line.promise, twice: twice.promise };
}

test('a program that ends by itself is started again, and told how it ended', async () => {
  const { supervisor, restarts, twice } = supervise('console.log("up"); process.exitCode = 3');
  await twice;
  supervisor.kill();
  await supervisor.stop();
  assert.equal(restarts[0], 'exit code 3');
});

test('stop asks, waits until the program has drained, and does not start it again', async () => {
  const { supervisor, lines, restarts, line, twice } = supervise(
    'process.on("SIGTERM", () => { console.log("drained"); process.exit(0) }); setInterval(() => {}, 1000); console.log("up")',
  );
  await line;
  await supervisor.stop();
  await twice;
  assert.deepEqual(lines, ['up', 'drained']);
  assert.deepEqual(restarts, []);
});
