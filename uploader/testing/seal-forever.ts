import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { silentLog } from '../../core/log.ts';
import { Ledger } from '../ledger.ts';
import { writeArchive } from './archive.ts';
import { someCounts, someEntry } from './ledger.ts';

/**
 * Run as a process: seals cases, enqueues items and records until it is killed, and writes a line to stdout for each that
 * was acknowledged. Arguments: the folder, the storage key in hexadecimal digits.
 */
const [, , folder, key] = process.argv;
if (folder !== undefined && key !== undefined) {
  const ledger = await Ledger.open({ path: join(folder, 'ledger.db'), log: silentLog });
  const storageKey = { kid: 'storage-1', secret: Buffer.from(key, 'hex') };
  for (;;) {
    const { caseId } = await ledger.detect(someEntry({ entryKey: `entry-${randomBytes(8).toString('hex')}` }));
    await ledger.settle(caseId, 'fingerprint', someCounts);
    const archive = await writeArchive({ folder, storageKey }, { caseId, tier: 'review', bytes: 2000 });
    await ledger.seal(caseId, someCounts, [archive]);
    const item = await ledger.enqueue({ kind: 'safety', body: caseId });
    const id = `aud-${randomBytes(12).toString('hex')}`;
    const time = { at: new Date().toISOString(), bootId: 'boot', monotonicMs: 1 };
    await ledger.audit({ record: { v: 1, id, ...time, action: 'case-release', actor: 'person', subject: caseId } });
    process.stdout.write(`${JSON.stringify({ caseId, item, id })}\n`);
  }
}
