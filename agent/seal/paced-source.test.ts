import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Source } from '../../carto/index.ts';
import { pacedSource } from './paced-source.ts';

/** Files of some pieces of 100,000 bytes each, and what was asked of them. */
function sourceOf(...pieces: readonly number[]) {
  const asked = { pieces: 0, closed: false };
  const source: Source = {
    container: 'folder',
    files: pieces.map((count, at) => ({
      ...{ path: `${at}.txt`, bytes: count * 100_000, mtimeMs: 7, place: Buffer.from('/srv/inbox') },
      async *open() {
        for (let piece = 0; piece < count; piece++) {
          asked.pieces++;
          yield Buffer.alloc(100_000, at + 1);
        }
      },
    })),
    close: async () => {
      asked.closed = true;
    },
  };
  return { source, asked };
}

test('what is read takes its time at the rate, over all files, and looks at the gate between naps', async () => {
  const { source, asked } = sourceOf(3, 2);
  const time = { ms: 0, looks: 0 };
  const paced = pacedSource(source, {
    bytesPerSecond: 1_000_000,
    checkpoint: async () => {
      time.looks++;
    },
    nowMs: () => time.ms,
    nap: async (ms) => {
      assert.ok(ms <= 20, 'no nap is longer than a look at the gate may wait');
      time.ms += ms;
    },
  });
  let bytes = 0;
  for (const file of paced.files) {
    for await (const piece of file.open()) {
      bytes += piece.length;
      assert.ok(asked.pieces * 100_000 <= 1000 * time.ms + 100_000, 'never a piece too early');
    }
  }
  assert.deepEqual([bytes, Math.round(time.ms)], [500_000, 500]);
  assert.ok(time.looks >= 25, `${time.looks} looks at the gate`);
});

test('it is the same source otherwise, but for the place by which another thread would read it', async () => {
  const { source, asked } = sourceOf(1);
  const paced = pacedSource(source, { bytesPerSecond: 1e9, checkpoint: async () => {} });
  assert.deepEqual([paced.container, paced.files[0]?.path, paced.files[0]?.bytes], ['folder', '0.txt', 100_000]);
  assert.equal(paced.files[0]?.place, undefined);
  await paced.close?.();
  assert.equal(asked.closed, true);
});
