import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Gate, GateClosed } from './gate.ts';
import { attachGate } from './gate-flag.ts';

test('starts closed; pass resolves at the opening and at once while open', async () => {
  const gate = new Gate();
  assert.equal(gate.isOpen, false);
  let passed = false;
  const waiting = gate.pass().then(() => {
    passed = true;
  });
  await new Promise(setImmediate);
  assert.equal(passed, false);
  gate.open();
  await waiting;
  await gate.pass();
});

test('pass rejects with the reason when its signal aborts while the gate is closed', async () => {
  const abort = new AbortController();
  const waiting = new Gate().pass(abort.signal);
  abort.abort(new Error('stopping'));
  await assert.rejects(waiting, /stopping/);
});

test('whileOpen aborts with GateClosed at the closing and is fresh after the next opening', () => {
  const gate = new Gate();
  gate.open();
  const first = gate.whileOpen;
  gate.close();
  assert.ok(first.reason instanceof GateClosed);
  gate.open();
  assert.equal(gate.whileOpen.aborted, false);
});

test('quiet names running work, counts parked work as quiet, and is reached when the work parks', async () => {
  const gate = new Gate();
  gate.open();
  const work = gate.work('seal');
  gate.close();
  assert.deepEqual(await gate.quiet(5), ['seal']);
  const quiet = gate.quiet(1000);
  const parked = work.pass();
  assert.deepEqual(await quiet, []);
  gate.open();
  await parked;
  assert.deepEqual(gate.running, ['seal']);
  work.end();
  assert.deepEqual(gate.running, []);
});

test('who waits for an answer from elsewhere counts as quiet, and passes the gate before doing anything with it', async () => {
  const gate = new Gate();
  gate.open();
  const work = gate.work('upload request');
  for (const fails of [false, true]) {
    const hub = Promise.withResolvers<string>();
    const answered = work.answer(hub.promise);
    assert.deepEqual(gate.running, []);
    gate.close();
    assert.deepEqual(await gate.quiet(1000), []);
    let done = false;
    const done_ = answered.then(String, String).finally(() => {
      done = true;
    });
    if (fails) hub.reject(new Error('no'));
    else hub.resolve('yes');
    await new Promise(setImmediate);
    assert.deepEqual([done, gate.running], [false, []]);
    gate.open();
    assert.equal(await done_, fails ? 'Error: no' : 'yes');
    assert.deepEqual(gate.running, ['upload request']);
  }
});

test('it is known since when nothing has run: the closing, or the word of the last that stood still', () => {
  let nowMs = 100;
  const gate = new Gate(() => nowMs);
  gate.open();
  const [thread, step] = [gate.work('seal'), gate.work('intake')];
  assert.equal(gate.stillness, undefined);
  gate.close();
  assert.equal(gate.stillness, undefined);
  nowMs = 120;
  step.park();
  nowMs = 130;
  thread.park(gate.changes, 115);
  assert.deepEqual(gate.stillness, { sinceMs: 120, last: 'intake' });
  step.end();
  assert.deepEqual(gate.stillness, { sinceMs: 130, last: 'intake' });
  gate.open();
  thread.end();
  nowMs = 200;
  gate.close();
  assert.deepEqual(gate.stillness, { sinceMs: 200 });
});

test('work that was parked through a short opening counts as running until it parks again', async () => {
  const gate = new Gate();
  const work = gate.work('upload');
  const passing = work.pass();
  await new Promise(setImmediate);
  gate.open();
  gate.close();
  assert.deepEqual(gate.running, ['upload']);
  assert.deepEqual(await gate.quiet(1000), []);
  gate.open();
  await passing;
});

test('a worker thread sleeps at the closed gate, says so each time, and goes on at the opening', async () => {
  const gate = new Gate();
  const worker = new Worker(
    `import { parentPort, workerData } from 'node:worker_threads';
     import { attachGate } from ${JSON.stringify(new URL('./gate-flag.ts', import.meta.url).href)};
     const gate = attachGate(workerData, () => parentPort.postMessage('parked'));
     parentPort.on('message', () => gate.pass().then(() => parentPort.postMessage('passed')));`,
    { eval: true, workerData: gate.flag, execArgv: ['--input-type=module'] },
  );
  const next = () => new Promise((resolve) => worker.once('message', resolve));
  worker.postMessage('go');
  assert.equal(await next(), 'parked');
  const passed = next();
  gate.open();
  assert.equal(await passed, 'passed');
  await worker.terminate();
});

test('a thread’s word that is older than an opening is not taken for a new one', () => {
  const gate = new Gate();
  const work = gate.work('seal');
  const seen = gate.changes;
  gate.open();
  gate.close();
  work.park(seen);
  assert.deepEqual(gate.running, ['seal'], 'it went on at the opening and may run');
  work.park(gate.changes);
  assert.deepEqual(gate.running, []);
  gate.open();
  work.park(gate.changes);
  assert.deepEqual(gate.running, ['seal'], 'nobody parks at an open gate');
});

test('a thread that sleeps through an opening and a closing says again that it is parked, and at which closing', async () => {
  const gate = new Gate();
  const parked: number[] = [];
  const again = Promise.withResolvers<void>();
  const flag = attachGate(gate.flag, (changes) => {
    if (parked.push(changes) === 2) again.resolve();
  });
  const passing = flag.pass();
  gate.open();
  gate.close();
  await again.promise;
  assert.deepEqual(parked, [1, 3]);
  gate.open();
  await passing;
  assert.equal(flag.isOpen, true);
});

test('what would not stand still by itself is ended before a thread says that it is parked', async () => {
  const gate = new Gate();
  const order: string[] = [];
  const flag = attachGate(gate.flag, () => {
    order.push('parked');
    gate.open();
  });
  await flag.pass(async () => {
    await new Promise(setImmediate);
    order.push('ended');
  });
  await flag.pass(async () => void order.push('ended at an open gate'));
  assert.deepEqual(order, ['ended', 'parked']);
});

test('closing twice and opening twice change nothing', () => {
  const gate = new Gate();
  gate.close();
  gate.open();
  const { whileOpen, changes } = gate;
  gate.open();
  assert.equal(gate.whileOpen, whileOpen);
  assert.equal(gate.changes, changes);
  assert.equal(whileOpen.aborted, false);
});

test('a step may add what it is at right now', () => {
  const gate = new Gate();
  const work = gate.work('intake');
  let detail: string | undefined;
  {
    using _step = work.step('seal', () => detail);
    assert.deepEqual(gate.running, ['seal']);
    detail = 'fsync';
    assert.deepEqual(gate.running, ['seal (fsync)']);
  }
  assert.deepEqual(gate.running, ['intake']);
});

test('a step names the work while it lasts, and an end is an end however often it is said', () => {
  const gate = new Gate();
  gate.open();
  const work = gate.work('intake');
  {
    using _step = work.step('seal');
    assert.deepEqual(gate.running, ['seal']);
  }
  assert.deepEqual(gate.running, ['intake']);
  work.end();
  work.end();
  assert.deepEqual(gate.running, []);
});

test('thousands of closings leave no listener behind', async () => {
  const gate = new Gate();
  const signal = new AbortController().signal;
  using work = gate.work('intake');
  for (let cycle = 0; cycle < 5_000; cycle++) {
    const passing = work.pass(signal);
    gate.open();
    await passing;
    gate.close();
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});
