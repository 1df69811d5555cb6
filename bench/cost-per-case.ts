import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../core/log.ts';
import { Ledger } from '../uploader/index.ts';
import { someArchive, someCounts, someEntry } from '../uploader/testing/ledger.ts';
import { type Figure, figureOf } from './figure.ts';
import { storedLedger } from './stored.ts';

const sizes = [10, 1_000, 100_000];
const cases = 200;

/** What the case store costs per case, from `detected` to `delivered`, with every question that is asked on the way. */
export async function costPerCase(repeats: number): Promise<Figure[]> {
  const folders = await Promise.all(sizes.map(() => mkdtemp(join(tmpdir(), 'vestibule-bench-'))));
  const ledgers: Ledger[] = [];
  try {
    for (const [at, size] of sizes.entries()) {
      const path = await storedLedger(folders[at] ?? '', { cases: size });
      ledgers.push(await Ledger.open({ path, log: silentLog }));
    }
    const costs: Cost[][] = sizes.map(() => []);
    for (const ledger of ledgers) await through(ledger);
    for (let n = 0; n < repeats; n++) {
      for (const [at, ledger] of ledgers.entries()) costs[at]?.push(await through(ledger));
    }
    return sizes.slice(1).flatMap((size, at) => {
      const own = costs[at + 1] ?? [];
      const few = costs[0] ?? [];
      const against = (what: keyof Cost) => ({
        rival: { name: `with ${sizes[0]} stored`, runs: few.map((cost) => cost[what]) },
      });
      return [
        figureOf(
          `cost-per-case-at-${size}`,
          'ms',
          own.map(({ wallMs }) => wallMs),
          against('wallMs'),
        ),
        figureOf(
          `cpu-per-case-at-${size}`,
          'ms',
          own.map(({ cpuMs }) => cpuMs),
          against('cpuMs'),
        ),
      ];
    });
  } finally {
    for (const ledger of ledgers) await ledger.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function through(ledger: Ledger): Promise<Cost> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let n = 0; n < cases; n++) await oneCase(ledger);
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: (performance.now() - started) / cases, cpuMs: (user + system) / 1000 / cases };
}

let receipts = 0;

async function oneCase(ledger: Ledger): Promise<void> {
  const { read } = ledger;
  const entry = someEntry({ entryKey: `bench-${process.hrtime.bigint()}` });
  const archive = someArchive();
  const { archiveId } = archive;
  read.caseByEntry(entry.entryKey);
  const { caseId } = await ledger.detect(entry);
  await ledger.settle(caseId, 'fingerprint', someCounts);
  read.stageCounts();
  await ledger.seal(caseId, someCounts, [archive]);
  look(ledger);
  read.nextArchivesToBatch();
  const batchId = await ledger.batch('review', [archiveId]);
  look(ledger);
  const correlationId = `ticket-${archiveId}`;
  await ledger.startUpload({ archiveId, correlationId, sealed: Buffer.alloc(200), expiresAt: '2040-01-01T00:00:00Z' });
  read.ticketOf(archiveId);
  await ledger.addBlock({ archiveId, start: 0, bytes: archive.bytes, blockId: 'block' });
  read.blocksOf(archiveId);
  look(ledger);
  await ledger.markUploaded({ archiveId, blob: `device/${archiveId}.case` });
  look(ledger);
  await ledger.closeTicket({ correlationId });
  read.archivesInBatch(batchId);
  await ledger.completeBatch({ batchId, manifest: '{}' });
  look(ledger);
  read.manifestOf(batchId);
  receipts += 1;
  const { sha256, bytes } = archive;
  const outcome = await ledger.acceptReceipt('d', {
    receipt: {
      ...{
        v: 1,
        batch: batchId,
        device: 'd',
        bytes,
        previous: read.lastReceipt()?.sha256 ?? null,
        durability: 'fsync',
      },
      ...{ archives: [{ archiveId, sha256, bytes }], storedAt: '2030-01-01T00:00:00Z' },
    },
    jws: 'x'.repeat(700),
    sha256: `${receipts}`.padStart(64, '0'),
  });
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
  read.stageCounts();
  read.oldestKept();
  read.archivesToRelease({ deliveredBefore: '2020', unsentBefore: '2020' });
  look(ledger);
}

/** What the courier asks before each of its steps. */
function look({ read }: Ledger): void {
  read.ticketsToClose();
  read.openBatches();
  read.tiersToBatch();
  read.outbox.queuedClasses({ maxItems: 1000, maxBytes: 1024 * 1024, maxAgeMs: 60_000 });
}
