import { silentLog } from '../core/log.ts';
import { Ledger } from '../uploader/index.ts';

/** Run as a process: opens a ledger and asks what a starting daemon asks, then one durable step, and ends. */
const path = process.argv[2];
if (path !== undefined) {
  const ledger = await Ledger.open({ path, log: silentLog });
  const { read } = ledger;
  read.stageCounts();
  read.casesAt(['detected', 'settled', 'sealed', 'batched', 'uploading', 'uploaded']);
  read.archivesReleasing();
  read.bytesKept();
  read.oldestKept();
  read.ticketsToClose();
  read.openBatches();
  read.tiersToBatch();
  read.outbox.queuedClasses({ maxItems: 1000, maxBytes: 1024 * 1024, maxAgeMs: 60_000 });
  read.outbox.totals();
  await ledger.enqueue({ kind: 'log', body: 'started' });
  process.exit(0);
}
