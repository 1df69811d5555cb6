import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { Addresses } from './addresses.ts';
import { systemClock } from './clock.ts';

function scene() {
  const time = { ms: 0 };
  const asked: PromiseWithResolvers<readonly LookupAddress[]>[] = [];
  const addresses = new Addresses({ ...systemClock, monotonicMs: () => time.ms }, () => {
    asked.push(Promise.withResolvers());
    return asked[asked.length - 1]?.promise ?? Promise.reject(new Error('never'));
  });
  const ask = (all = false) =>
    new Promise<unknown>((resolve, reject) => {
      addresses.lookup('hub.example', { all }, (error, address, family) => {
        if (error) reject(error);
        else resolve(all ? address : [address, family]);
      });
    });
  return { time, asked, ask };
}

const first = [{ address: '192.0.2.1', family: 4 }];

test('a name is asked for once at a time, however many wait for it', async () => {
  const { asked, ask } = scene();
  const waiting = [ask(), ask(), ask(true)];
  assert.equal(asked.length, 1);
  asked[0]?.resolve(first);
  assert.deepEqual(await Promise.all(waiting), [['192.0.2.1', 4], ['192.0.2.1', 4], first]);
});

test('NET-03: a name that was known is answered while no name server is there, and asked for again beside', async () => {
  const { time, asked, ask } = scene();
  const waiting = ask();
  asked[0]?.resolve(first);
  await waiting;
  time.ms = 3_600_000;
  assert.deepEqual(await ask(), ['192.0.2.1', 4]);
  assert.deepEqual(await ask(), ['192.0.2.1', 4]);
  assert.equal(asked.length, 2, 'one question beside');
  asked[1]?.reject(new Error('EAI_AGAIN'));
  await new Promise(setImmediate);
  assert.deepEqual(await ask(), ['192.0.2.1', 4]);
  asked[2]?.resolve([{ address: '192.0.2.2', family: 4 }]);
  await new Promise(setImmediate);
  assert.deepEqual(await ask(), ['192.0.2.2', 4], 'it has moved');
  assert.equal(asked.length, 3, 'what is fresh is not asked for');
});

test('a name that was never known fails as it does, and is asked for anew', async () => {
  const { asked, ask } = scene();
  const waiting = ask();
  asked[0]?.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
  await assert.rejects(waiting, { code: 'ENOTFOUND' });
  const again = ask();
  asked[1]?.resolve(first);
  assert.deepEqual(await again, ['192.0.2.1', 4]);
});
