import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { Gate } from '../core/gate.ts';
import { silentLog } from '../core/log.ts';
import type { BlobEndpoint } from './blob-endpoint.ts';
import { Pacer } from './block-pace.ts';
import { openTestLedger, sealedCase, someArchive } from './testing/ledger.ts';
import { TestLink } from './testing/link.ts';
import { TicketBook } from './ticket-book.ts';
import { Transfer } from './transfer.ts';

const gib = 2 ** 30;
const archiveBytes = 5 * gib + 1;

/** What is missing at the other side: across and beyond the borders of 31 and 32 bits, and the very last byte. */
const holes = [
  { start: 2 * gib - 13, bytes: 70_001 },
  { start: 4 * gib - 1, bytes: 3 },
  { start: 4 * gib + 999_983, bytes: 131_071 },
  { start: archiveBytes - 1, bytes: 1 },
];

test('COURIER-14: an archive of 5 GB goes on at odd offsets, and sends nothing but what is missing', async (t) => {
  const { ledger, folder } = await openTestLedger(t);
  await using file = await open(join(folder, 'sparse'), 'w+');
  await file.truncate(archiveBytes);
  const contents = holes.map(({ bytes }) => randomBytes(bytes));
  for (const [at, { start, bytes }] of holes.entries()) await file.write(contents[at] as Buffer, 0, bytes, start);
  const row = { ...someArchive('study'), bytes: archiveBytes };
  const { archives } = await sealedCase(ledger, [row]);
  const archiveId = archives[0]?.archiveId ?? '';
  await ledger.batch('study', [archiveId]);
  const tickets = new TicketBook({
    ...{ ledger, link: new TestLink(() => 'localhost:1'), clock: systemClock, log: silentLog },
    storageKey: { secret: randomBytes(32) },
  });
  const archive = ledger.read.archivesInBatch(ledger.read.openBatches()[0]?.batchId ?? '')[0] ?? assert.fail();
  const ticket = (await tickets.request(archive)) ?? assert.fail();
  const there = new Map<string, number>();
  let start = 0;
  for (const hole of [...holes, { start: archiveBytes, bytes: 0 }]) {
    const bytes = hole.start - start;
    if (bytes > 0) {
      const blockId = randomBytes(32).toString('base64');
      there.set(blockId, bytes);
      await ledger.addBlock({ archiveId, start, bytes, blockId });
    }
    start = hole.start + hole.bytes;
  }
  const sent: Buffer[] = [];
  let committed: readonly string[] = [];
  const endpoint = {
    uncommitted: async () => there,
    // A copy: the memory of a block is used again once it is staged.
    stage: async (_id: string, block: Buffer) => void sent.push(Buffer.from(block)),
    commit: async (ids: readonly string[]) => {
      committed = ids;
    },
    resume: () => {},
    cut: () => {},
  } as unknown as BlobEndpoint;
  const gate = new Gate();
  gate.open();
  const deps = { ledger, gate, clock: systemClock, tickets, pacer: new Pacer(), parallelBlocks: 1 };
  const run = { signal: new AbortController().signal, mayGoOn: () => true };
  assert.equal(await new Transfer(deps, { archive, file, ticket, endpoint }, run).run(), true);
  assert.ok(Buffer.concat(sent).equals(Buffer.concat(contents)));
  const blocks = ledger.read.blocksOf(archiveId);
  assert.deepEqual(
    committed,
    blocks.map(({ blockId }) => blockId),
    'in the order of their places',
  );
  assert.equal(
    blocks.reduce((end, block) => (block.start === end ? end + block.bytes : Number.NaN), 0),
    archiveBytes,
    'without a gap',
  );
});
