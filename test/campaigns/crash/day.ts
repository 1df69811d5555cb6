import { openSync, writeSync } from 'node:fs';
import { argv, env } from 'node:process';
import { recordOwn } from '../../../agent/audit/index.ts';
import { foldersOf } from '../../../agent/folders.ts';
import { tinyExport } from '../../../carto/testing/tiny-export.ts';
import type { Ledger } from '../../../uploader/index.ts';
import { until } from '../../harness/until.ts';
import { delivered, drop, runAppliance } from './appliance.ts';
import { type Facts, factsOf, noFacts, pairedAction, pairedCode } from './facts.ts';
import { SmallCloud } from './small-cloud.ts';

/**
 * A scripted day of an appliance, run as a process under shim.c. Whatever is acknowledged is written to the marks at once,
 * as the ledger's facts of that moment. The fixture holds one delivered case, in a ledger of the first schema.
 */
const [, , data = '', plan = 'whole'] = argv;
const marks = openSync(env.VCRASH_MARKS ?? '/dev/null', 'a');
const cloud = await SmallCloud.start();
let left: readonly string[] = [];
let ledgerFacts: Facts = noFacts;
let told = '';
const tell = () => {
  const now = JSON.stringify({ ...ledgerFacts, left, heads: cloud.heads });
  if (now !== told) writeSync(marks, now);
  told = now;
};
const onAcknowledged = (ledger: Ledger) => {
  ledgerFacts = factsOf(ledger.read);
  const chained = Object.values(ledgerFacts.audit.records).map(([id]) => id);
  left = left.filter((id) => !chained.includes(id));
  tell();
};
const run = (work: Parameters<typeof runAppliance>[1], how: { isPressed?: boolean; isAuditSent?: boolean } = {}) =>
  runAppliance({ data, cloud, onAcknowledged, ...how }, work);
/** A command that works with the daemon dead. */
const command = (id: string) => {
  recordOwn(foldersOf(data).audit, { action: 'relink', id, why: 'somebody asked', evidence: { result: 'unknown' } });
  left = [...left, id];
  tell();
};

command('aud-before-any-start');
await run(async (ledger, audit) => {
  drop(data, 'first', tinyExport());
  const items = Array.from({ length: 8 }, (_, n) => ledger.enqueue({ kind: 'telemetry', body: `item ${n}` }));
  const records = [audit.record({ action: 'gate-opened', actor: 'appliance' }), command('aud-beside-a-daemon')];
  await Promise.all([...items, ...records]);
  await delivered(ledger, 2);
  await ledger.recordRefusal('MALFORMED', undefined, '0'.repeat(64));
});
if (plan === 'whole') {
  await run(
    async (ledger) => {
      // The same study again, which becomes a delta, and another one.
      drop(data, 'again', { ...tinyExport(), 'notes.mesh': String(tinyExport()['1-LA2.mesh']) });
      await ledger.enqueue({ kind: 'safety', body: 'x'.repeat(20_000) });
      await delivered(ledger, 3);
      drop(data, 'other', tinyExport({ study: 'Study 8 02_03_2021 09-08-07' }));
      await delivered(ledger, 4);
      await until(() => factsOf(ledger.read).audit.archivedSeq > 0, 'records let go', 60_000, 5);
    },
    { isAuditSent: true },
  );
  command('aud-between-two-runs');
  // Space is needed: what was delivered goes, deltas before what they stand on.
  await run(
    async (ledger, audit) => {
      // A step with its record, and one that is refused and leaves none.
      const wish = { action: pairedAction, actor: 'person', why: 'somebody asked' } as const;
      const [caseId = ''] = Object.keys(factsOf(ledger.read).cases);
      await audit.alongside(wish).recordRefusal(pairedCode, undefined, '1'.repeat(64));
      await audit
        .alongside(wish)
        .hold(caseId, 'by-person', 'never')
        .catch(() => {});
      await until(() => ledger.read.stageCounts().released === 3, 'three released', 60_000, 5);
    },
    { isPressed: true },
  );
}
await cloud.close();
