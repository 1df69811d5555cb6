import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { nextSpaceState, type SpaceState } from './space.ts';
import { Storage } from './storage.ts';

const limits = { quotaBytes: 1000, reserveBytes: 0, highPercent: 95, lowPercent: 85 };

test('lesson 34: full at the upper mark, and room again at the lower one, not before', () => {
  const steps: readonly (readonly [usedBytes: number, state: SpaceState])[] = [
    ...([
      [949, 'room'],
      [950, 'full'],
      [900, 'full'],
      [851, 'full'],
      [850, 'room'],
      [900, 'room'],
      [949, 'room'],
    ] as const),
    ...([
      [1200, 'full'],
      [0, 'room'],
    ] as const),
  ];
  let state: SpaceState = 'room';
  for (const [usedBytes, expected] of steps) {
    state = nextSpaceState(state, { usedBytes, freeBytes: 1e9 }, limits);
    assert.equal(state, expected, `${usedBytes}`);
  }
  assert.equal(nextSpaceState('room', { usedBytes: 1, freeBytes: 0 }, { ...limits, reserveBytes: 2 }), 'full');
});

/** A store that holds so many bytes on disk, and thinks that it holds `presumedBytes`. */
function storeOf(t: TestContext, bytes: number, presumedBytes = bytes) {
  const folder = temporaryFolder(t);
  const cases = join(folder, 'cases');
  mkdirSync(cases);
  writeFileSync(join(cases, 'one.case'), Buffer.alloc(bytes));
  const said: string[] = [];
  const storage = new Storage({
    folders: { cases, ledger: join(folder, 'ledger.db'), ballast: join(folder, 'ballast') },
    ...{ limits, log: silentLog, presumedBytes },
    onChange: (state) => void said.push(state),
    onWanted: () => void said.push('wanted'),
  });
  return { storage, said };
}

test('lesson 44: what is taken is counted from the disk at every start, whatever was thought before', async (t) => {
  const { storage, said } = storeOf(t, 960, 10);
  assert.equal(await storage.availableBytes(), 990);
  await storage.measure(passAlways);
  assert.equal(await storage.availableBytes(), 0);
  storage.removed(500);
  assert.equal(await storage.availableBytes(), 540);
  assert.deepEqual(said, ['full', 'room']);
});

test('DISK-05: who waits for room has what is not owed go, asks again once some came, and waits for nothing impossible', async (t) => {
  const { storage, said } = storeOf(t, 600);
  assert.equal(await storage.hasRoomFor(500), false);
  assert.equal(storage.isPressed, true);
  assert.equal(await storage.hasRoomFor(450), false);
  assert.deepEqual(said, ['wanted'], 'said once');
  storage.removed(100);
  assert.equal(storage.answerWanted(), true);
  assert.deepEqual([storage.answerWanted(), storage.isPressed], [false, false]);
  assert.equal(await storage.hasRoomFor(500), true);
  assert.equal(storage.isPressed, false);
  assert.equal(await storage.hasRoomFor(1001), false, 'no store of this quota ever holds it');
  assert.equal(storage.isPressed, false);
});
