import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import type { Reported } from '../protocol/twin.ts';
import type { JsonObject } from './reported.ts';
import { Reporter } from './reporter.ts';

/** A clock that stands until it is moved; `sleep` resolves when it has been moved far enough. */
class HeldClock implements Clock {
  readonly bootId = 'boot';
  #ms = 1_000_000;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  now(): Date {
    return new Date(this.#ms);
  }

  monotonicMs(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake) => {
      if (signal?.aborted) wake();
      this.#sleepers.push({ at: this.#ms + ms, wake });
      signal?.addEventListener('abort', () => wake());
    });
  }

  async advance(ms: number): Promise<void> {
    this.#ms += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= this.#ms);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > this.#ms);
    for (const sleeper of due) sleeper.wake();
    await settle();
  }
}

function scene(held: JsonObject) {
  const clock = new HeldClock();
  const writes: JsonObject[] = [];
  let answer: (patch: JsonObject) => Promise<void> = async () => {};
  const state = { sealed: 1 };
  const deps = { clock, log: silentLog, reportEveryMs: 10_000, snapshot: async () => snapshot(state.sealed) };
  const reporter = new Reporter(deps);
  const stop = new AbortController();
  const write = async (patch: JsonObject) => {
    writes.push(patch);
    await answer(patch);
  };
  const done = reporter.run(held, write, stop.signal);
  const fail = (error: Error | undefined) => {
    answer = async () => {
      if (error) throw error;
    };
  };
  const end = () => {
    stop.abort();
    return done;
  };
  return { clock, writes, reporter, state, fail, end };
}

test('on connect only the difference to what the hub holds is written, and nothing when there is none', async () => {
  const differs = scene({ ...plain(snapshot(0)), gone: 1 });
  await settle();
  assert.deepEqual(differs.writes, [{ gone: null, cases: { sealed: 1 } }]);
  await differs.end();

  const same = scene(plain(snapshot(1)));
  await settle();
  same.reporter.poke();
  await same.clock.advance(60_000);
  assert.deepEqual(same.writes, []);
  await same.end();
});

test('many pokes become at most one write per ten seconds', async () => {
  const { clock, writes, reporter, state, end } = scene({});
  await settle();
  assert.equal(writes.length, 1);
  for (let second = 0; second < 40; second++) {
    state.sealed++;
    reporter.poke();
    await clock.advance(1_000);
  }
  assert.equal(writes.length, 5);
  assert.deepEqual(writes.at(-1), { cases: { sealed: 41 } });
  await end();
});

test('a write that the hub did not accept is not remembered, and is repeated later and later', async () => {
  const { clock, writes, fail, end } = scene(plain(snapshot(0)));
  fail(new Error('429'));
  await settle();
  assert.deepEqual(writes, [{ cases: { sealed: 1 } }]);
  await clock.advance(14_999);
  assert.equal(writes.length, 1, 'not before its back-off');
  await clock.advance(5_001);
  assert.equal(writes.length, 2);
  fail(undefined);
  await clock.advance(30_000);
  assert.deepEqual(writes, [{ cases: { sealed: 1 } }, { cases: { sealed: 1 } }, { cases: { sealed: 1 } }]);
  await clock.advance(300_000);
  assert.equal(writes.length, 3, 'accepted: nothing is left to write');
  await end();
});

test('a snapshot with a property that the schema does not know is not sent', async () => {
  const clock = new HeldClock();
  const leaking = async () => ({ ...snapshot(1), hostName: 'lab-3' }) as Reported;
  const reporter = new Reporter({ clock, log: silentLog, reportEveryMs: 10, snapshot: leaking });
  const stop = new AbortController();
  const writes: JsonObject[] = [];
  const done = reporter.run({}, async (patch) => void writes.push(patch), stop.signal);
  await settle();
  await clock.advance(1_000);
  stop.abort();
  await clock.advance(1_000_000);
  await done;
  assert.deepEqual(writes, []);
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function plain(reported: Reported): JsonObject {
  return structuredClone(reported) as unknown as JsonObject;
}

function snapshot(sealed: number): Reported {
  return {
    v: 1,
    appliance: { version: '0.1.0', startedAt: '2026-01-01T00:00:00.000Z', bootId: 'boot' },
    gate: { state: 'idle', open: true, since: '2026-01-01T00:00:00.000Z' },
    cases: sealed === 0 ? {} : { sealed },
    disk: { freeBytes: 1, totalBytes: 2 },
    host: { memoryFreeBytes: 1, memoryTotalBytes: 2 },
    certificate: { notAfter: '2026-06-01T00:00:00.000Z', daysLeft: 90 },
  };
}
