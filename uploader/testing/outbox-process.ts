import { writeSync } from 'node:fs';
import { silentLog } from '../../core/log.ts';
import { itemsDigest } from '../../protocol/item-pack.ts';
import { itemKinds } from '../../protocol/outbox.ts';
import { Ledger } from '../ledger.ts';

/**
 * Run as a process: enqueues, many in flight, and delivers batch by batch. Writes `enqueued ID` when an item was
 * acknowledged, and `announced ID …` before a receipt is taken: only such an item may be gone.
 */
const path = process.argv[2];
if (path !== undefined) {
  const ledger = await Ledger.open({ path, log: silentLog });
  const say = (line: string) => void writeSync(1, `${line}\n`);
  let receipts = 0;
  const lane = async (own: number) => {
    for (let n = 0; ; n++) {
      const kind = itemKinds[(own + n) % itemKinds.length] ?? 'log';
      say(`enqueued ${await ledger.enqueue({ kind, body: `${own} ${n} ${'x'.repeat((n * 37) % 900)}` })}`);
    }
  };
  const deliver = async () => {
    for (;;) {
      const places = ledger.read.outbox.queuedItems('log', 50).slice(0, 200);
      const batchId = places.length > 0 ? await ledger.batchItems('log', places) : undefined;
      if (batchId === undefined) {
        await new Promise(setImmediate);
        continue;
      }
      const items = ledger.read.outbox
        .readBatch(batchId)
        .map((item) => ({ ...item, body: item.body ?? Buffer.alloc(0) }));
      const digest = itemsDigest(items);
      await ledger.completeItems({ batchId, manifest: '{}', itemsSha256: digest });
      // Short enough that a pipe takes each line whole or not at all.
      for (let at = 0; at < items.length; at += 50) {
        say(
          `announced ${items
            .slice(at, at + 50)
            .map(({ id }) => id)
            .join(' ')}`,
        );
      }
      receipts += 1;
      await ledger.acceptReceipt('d', {
        receipt: {
          ...{ v: 1, batch: batchId, device: 'd', archives: [], items: { count: items.length, sha256: digest } },
          ...{ bytes: 0, previous: ledger.read.lastReceipt()?.sha256 ?? null, storedAt: '2030-01-01T00:00:00Z' },
          durability: 'fsync',
        },
        jws: 'jws',
        sha256: `${process.pid}-${receipts}`,
      });
    }
  };
  await Promise.all([...Array.from({ length: 16 }, (_, own) => lane(own)), deliver()]);
}
