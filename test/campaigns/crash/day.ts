import { openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { argv, env } from 'node:process';
import { foldersOf } from '../../../agent/folders.ts';
import { Intake } from '../../../agent/intake.ts';
import { intakeSchema } from '../../../agent/intake-config.ts';
import { Opener } from '../../../agent/opener.ts';
import { Passwords } from '../../../agent/passwords/index.ts';
import { Pipeline } from '../../../agent/pipeline.ts';
import { recover } from '../../../agent/recover.ts';
import { Sealer } from '../../../agent/seal/index.ts';
import { writeFiles } from '../../../agent/testing/workplace.ts';
import { tinyExport } from '../../../carto/testing/tiny-export.ts';
import { KeyFolder, openLocalKeys } from '../../../certs/index.ts';
import { systemClock } from '../../../core/clock.ts';
import { Gate } from '../../../core/gate.ts';
import { silentLog } from '../../../core/log.ts';
import { Courier, type Ledger } from '../../../uploader/index.ts';
import { serverIdentity } from '../../../uploader/testing/authority.ts';
import { BlobServer } from '../../../uploader/testing/blob-server.ts';
import { TestLink } from '../../../uploader/testing/link.ts';
import { ReceiptSigner } from '../../../uploader/testing/receiver.ts';
import { manifestFrom } from '../../../uploader/testing/world.ts';
import { until } from '../../harness/until.ts';
import { factsOf } from './facts.ts';

/**
 * A scripted day of an appliance, run as a process under shim.c: the real recovery, intake, pipeline, seal thread,
 * ledger thread and courier; hub and receiver are small and live in this process. Whatever is acknowledged is written to
 * the marks at once, as the ledger's facts of that moment.
 */
const [, , data = '', plan = 'whole'] = argv;
const folders = foldersOf(data);
const inbox = join(data, 'inbox');
const marks = openSync(env.VCRASH_MARKS ?? '/dev/null', 'a');
const device = 'appliance-1';
const gate = new Gate();
const signer = new ReceiptSigner();
const server = await new BlobServer(await serverIdentity()).listen();
const { caPem } = await serverIdentity();
const link = new TestLink(() => server.host);

/** One run of the appliance: from its start to its end in good order. */
async function run(work: (ledger: Ledger) => Promise<void>): Promise<void> {
  const keys = await openLocalKeys(await KeyFolder.open(folders.keys));
  const { ledger: opened, tidy } = await recover({ folders, log: silentLog });
  note(opened);
  const ledger = noted(opened);
  const [clock, log, siteKey, casesFolder] = [systemClock, silentLog, keys.site, folders.cases];
  const { limits, maxSpoolBytes } = intakeSchema.parse({});
  const caps = { maxEntries: 1000, maxBytes: 1 << 30, limits, maxSpoolBytes };
  const storage = { availableBytes: async () => 1 << 30 };
  const opener = new Opener({
    passwords: new Passwords({ gate, log, sources: [] }),
    caps,
    storage,
    spoolFolder: folders.spool,
  });
  const sealer = new Sealer(gate);
  const courier = new Courier({
    ...{ ledger, link, gate, clock, log, folder: casesFolder, storageKey: keys.storage, device },
    sign: async (payload) => ['{}', payload, ''].map((part) => Buffer.from(part).toString('base64url')).join('.'),
    ...{ serverCaPem: caPem, receiptKeys: [signer.publicKey], receiptMs: 200, retryMs: 20, ceilingMs: 400 },
  });
  link.onEvent = async (event) => {
    const { batch, archives } = manifestFrom(event);
    const known = ledger.read.receipts().find(({ batchId }) => batchId === batch);
    const receipt = known?.jws ?? (await signer.issue(signer.receipt(batch, device, archives)));
    await courier.acceptAcknowledgement({ receipt });
  };
  const pipeline = new Pipeline({
    ...{ ledger, sealer, clock, log, siteKey, storageKey: keys.storage.secret, opener, mode: 'automatic' as const },
    ...{
      announce: () => {},
      recipients: [keys.storage, { kid: keys.hospital.kid, publicKey: keys.hospital.publicKey }],
      privacy: { profile: 'pseudonymised' as const, siteKey },
    },
    ...{
      casesFolder,
      send: { review: 'always', study: 'always' } as const,
      quietMs: 20,
      maxEntries: 1000,
      maxBytes: 1 << 30,
    },
    ...{ onChange: () => {}, onSealed: () => courier.wake() },
  });
  const intake = new Intake({
    ...{ gate, clock, log, pipeline, inboxes: [inbox], imports: { open: [] }, siteKey, rescanMs: 500 },
    prepare: (working, signal) => tidy(() => working.pass(signal)),
  });
  const end = new AbortController();
  gate.open();
  await courier.start(end.signal);
  await intake.start(end.signal);
  try {
    await work(ledger);
  } finally {
    end.abort(new Error('stopping'));
    await intake.stop();
    await sealer.stop();
    await courier.stop();
    await ledger.close();
    gate.close();
  }
}

function note(ledger: Ledger): void {
  writeSync(marks, JSON.stringify(factsOf(ledger.read)));
}

/** The ledger, which writes a mark when it has acknowledged something. */
function noted(ledger: Ledger): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...values: unknown[]) => {
        const result: unknown = value.apply(target, values);
        if (name === 'audited') return noted(result as Ledger);
        if (name === 'close' || !(result instanceof Promise)) return result;
        return result.then((done: unknown) => {
          note(target);
          return done;
        });
      };
    },
  });
}

function drop(name: string, files: Readonly<Record<string, string | Buffer>>): void {
  const aside = join(data, `aside-${name}`);
  writeFiles(aside, files);
  renameSync(aside, join(inbox, name));
}

const delivered = (ledger: Ledger, count: number) =>
  until(() => (ledger.read.stageCounts().delivered ?? 0) === count, `${count} delivered`, 60_000, 5);

/** The fixture already holds one delivered case, in a ledger of the first schema. */
writeSync(marks, '!arm');
await run(async (ledger) => {
  drop('first', tinyExport());
  await delivered(ledger, 2);
  await ledger.recordRefusal('MALFORMED', undefined, '0'.repeat(64));
});
if (plan === 'whole') {
  await run(async (ledger) => {
    // The same study again, which becomes a delta, and another one.
    drop('again', { ...tinyExport(), 'notes.mesh': String(tinyExport()['1-LA2.mesh']) });
    await delivered(ledger, 3);
    drop('other', tinyExport({ study: 'Study 8 02_03_2021 09-08-07' }));
    await delivered(ledger, 4);
  });
}
writeSync(marks, '!lift');
await server.close();
