import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { HubCourier } from '../harness/hub-courier.ts';
import { Dice } from '../harness/random.ts';
import { until } from '../harness/until.ts';

const kib = 1024;

export interface CutsReport {
  readonly seed: number;
  readonly cuts: number;
  readonly archiveBytes: number;
  /** Bytes of blocks that were on their way at a cut and had to be sent again. */
  readonly sentAgain: number;
  readonly blocks: number;
  /** Everything that left through the cable: TLS and HTTP included. */
  readonly wireBytes: number;
  readonly tickets: number;
  readonly receipts: number;
}

/**
 * One upload to the embedded hub whose connection is reset at a random byte, so many times: a few bytes into a
 * handshake, in the middle of a block, in the middle of an answer. Throws when more than a block is sent again for a
 * cut, or when what arrives is not what was sealed, or has another number of receipts than one.
 */
export async function cutsCampaign(seed: number, cuts: number, say: (line: string) => void): Promise<CutsReport> {
  const dice = new Dice(seed);
  const cleanUps: (() => unknown)[] = [];
  const scope: Pick<TestContext, 'after'> = { after: (cleanUp) => void cleanUps.push(cleanUp as () => unknown) };
  try {
    const world = await HubCourier.make(scope, { retryMs: 2, ceilingMs: 20, receiptMs: 1000 });
    const { courier, cable, tries } = world;
    const archiveBytes = cuts * 192 * kib;
    const { caseId, archives } = await courier.seal({ study: archiveBytes });
    const cutSomewhere = () => {
      if (dice.once(4)) cable.cutAfter('server', dice.below(4 * kib));
      else cable.cutAfter('client', dice.below(300 * kib));
    };
    const failed = () => tries.filter(({ succeeded }) => !succeeded).length;
    cutSomewhere();
    await courier.start();
    for (let n = 1; n <= cuts; n++) {
      await until(() => cable.cuts === n || courier.delivered.length > 0, `cut ${n}`, 60_000, 1);
      assert.equal(courier.delivered.length, 0, `delivered after ${n} cuts: the archive is too small for this seed`);
      if (n < cuts) cutSomewhere();
      if (n % 100 === 0)
        say(`${n} cuts, ${courier.ledger.read.blocksOf(archives[0]?.archiveId ?? '').length} blocks there`);
    }
    await until(() => courier.delivered.includes(caseId), 'the delivery', 120_000, 10);
    const [archive] = archives;
    assert.ok(archive);
    assert.equal(await world.digestOf(courier.blobOf(archive)), archive.sha256, 'the same SHA-256');
    const receipts = courier.ledger.read.receipts().length;
    assert.equal(receipts, 1, 'exactly one receipt');
    const sum = (succeeded: boolean) =>
      tries.filter((one) => one.succeeded === succeeded).reduce((bytes, one) => bytes + one.bytes, 0);
    assert.equal(sum(true), archiveBytes, 'no block that was staged is staged again');
    assert.ok(failed() <= cuts, `${failed()} blocks were sent again for ${cuts} cuts`);
    // The cable's own count: connections cost some kilobytes, requests one.
    const overhead = (cuts + 2) * 6 * kib + (tries.length + 2 * cuts) * 2 * kib;
    const mostWire = archiveBytes + sum(false) + overhead;
    assert.ok(cable.clientBytes <= mostWire, `${cable.clientBytes} bytes left, at most ${mostWire} were due`);
    return {
      ...{ seed, cuts, archiveBytes, sentAgain: sum(false), blocks: tries.length - failed() },
      ...{ wireBytes: cable.clientBytes, tickets: world.tickets.length, receipts },
    };
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }
}

export function showCutsReport({
  seed,
  cuts,
  archiveBytes,
  sentAgain,
  blocks,
  wireBytes,
  tickets,
}: CutsReport): string {
  const mebibytes = (bytes: number) => `${(bytes / kib / kib).toFixed(1)} MiB`;
  return [
    `${cuts} cuts in one upload of ${mebibytes(archiveBytes)} (seed ${seed}): ${blocks} blocks, ${tickets} ticket(s),`,
    `  ${mebibytes(sentAgain)} of blocks that were on their way sent again, ${mebibytes(wireBytes)} on the wire.`,
  ].join('\n');
}
