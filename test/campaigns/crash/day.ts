import { openSync, writeSync } from 'node:fs';
import { argv, env } from 'node:process';
import { tinyExport } from '../../../carto/testing/tiny-export.ts';
import type { Ledger } from '../../../uploader/index.ts';
import { until } from '../../harness/until.ts';
import { delivered, drop, runAppliance, SmallCloud } from './appliance.ts';
import { factsOf } from './facts.ts';

/**
 * A scripted day of an appliance, run as a process under shim.c. Whatever is acknowledged is written to the marks at once,
 * as the ledger's facts of that moment. The fixture holds one delivered case, in a ledger of the first schema.
 */
const [, , data = '', plan = 'whole'] = argv;
const marks = openSync(env.VCRASH_MARKS ?? '/dev/null', 'a');
const cloud = await SmallCloud.start();
const onAcknowledged = (ledger: Ledger) => void writeSync(marks, JSON.stringify(factsOf(ledger.read)));
const run = (work: (ledger: Ledger) => Promise<void>, isPressed = false) =>
  runAppliance({ data, cloud, onAcknowledged, isPressed }, work);

await run(async (ledger) => {
  drop(data, 'first', tinyExport());
  const items = Array.from({ length: 8 }, (_, n) => ledger.enqueue({ kind: 'telemetry', body: `item ${n}` }));
  await Promise.all(items);
  await delivered(ledger, 2);
  await ledger.recordRefusal('MALFORMED', undefined, '0'.repeat(64));
});
if (plan === 'whole') {
  await run(async (ledger) => {
    // The same study again, which becomes a delta, and another one.
    drop(data, 'again', { ...tinyExport(), 'notes.mesh': String(tinyExport()['1-LA2.mesh']) });
    await ledger.enqueue({ kind: 'safety', body: 'x'.repeat(20_000) });
    await delivered(ledger, 3);
    drop(data, 'other', tinyExport({ study: 'Study 8 02_03_2021 09-08-07' }));
    await delivered(ledger, 4);
  });
  // Space is needed: what was delivered goes, deltas before what they stand on.
  await run(async (ledger) => {
    await until(() => ledger.read.stageCounts().released === 3, 'three released', 60_000, 5);
  }, true);
}
await cloud.close();
