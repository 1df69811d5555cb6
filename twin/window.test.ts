import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Window } from './window.ts';

test('no more than the size run at a time, in the order they came, also when some fail', async () => {
  const window = new Window(2);
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const started: number[] = [];
  const runs = gates.map((gate, index) =>
    window.run(async () => {
      started.push(index);
      await gate.promise;
    }),
  );
  const settled = Promise.allSettled(runs);
  await tick();
  assert.deepEqual(started, [0, 1]);
  gates[0]?.reject(new Error('failed'));
  await tick();
  assert.deepEqual(started, [0, 1, 2]);
  for (const gate of gates.slice(1)) gate.resolve();
  assert.deepEqual(
    (await settled).map((result) => result.status),
    ['rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled'],
  );
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
});

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
