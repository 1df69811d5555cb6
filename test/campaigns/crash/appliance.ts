import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { foldersOf } from '../../../agent/folders.ts';
import { Intake } from '../../../agent/intake.ts';
import { intakeSchema } from '../../../agent/intake-config.ts';
import { Opener } from '../../../agent/opener.ts';
import { Passwords } from '../../../agent/passwords/index.ts';
import { Pipeline } from '../../../agent/pipeline.ts';
import { recover } from '../../../agent/recover.ts';
import { Sealer } from '../../../agent/seal/index.ts';
import { writeFiles } from '../../../agent/testing/workplace.ts';
import { KeyFolder, openLocalKeys } from '../../../certs/index.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { Gate } from '../../../core/gate.ts';
import { silentLog as log } from '../../../core/log.ts';
import type { DeviceEvent } from '../../../protocol/link.ts';
import { CaseJournal, Courier, type Ledger, Releaser } from '../../../uploader/index.ts';
import { serverIdentity } from '../../../uploader/testing/authority.ts';
import { BlobServer } from '../../../uploader/testing/blob-server.ts';
import { TestLink } from '../../../uploader/testing/link.ts';
import { ReceiptSigner } from '../../../uploader/testing/receiver.ts';
import { manifestFrom } from '../../../uploader/testing/world.ts';
import { until } from '../../harness/until.ts';

/** The other side, small and in this process: it stores blobs and signs receipts, the same for the same batch. */
export class SmallCloud {
  readonly server: BlobServer;
  readonly caPem: string;
  readonly link: TestLink;
  signer = new ReceiptSigner();
  readonly #receipts = new Map<string, Promise<string>>();
  #last: Promise<string> = Promise.resolve('');

  private constructor(server: BlobServer, caPem: string) {
    this.server = server;
    this.caPem = caPem;
    this.link = new TestLink(() => server.host);
  }

  static async start(): Promise<SmallCloud> {
    const identity = await serverIdentity();
    return new SmallCloud(await new BlobServer(identity).listen(), identity.caPem);
  }

  /** From now on it answers this courier. */
  serve(courier: Courier): void {
    this.link.onEvent = async (event) => {
      const receipt = this.#receipts.get(event.messageId) ?? this.#issue(event);
      this.#receipts.set(event.messageId, receipt);
      await courier.acceptAcknowledgement({ receipt: await receipt });
    };
  }

  /** One after the other, as links of one chain. */
  #issue(event: DeviceEvent): Promise<string> {
    const { batch, archives, items } = manifestFrom(event);
    const named = items && { count: items.count, sha256: items.sha256 };
    this.#last = this.#last.then(() => this.signer.issue(this.signer.receipt(batch, device, archives, named)));
    return this.#last;
  }

  /** Remembers where its chain is; what comes back takes it back there. */
  remember(): () => void {
    const { previous } = this.signer;
    const receipts = [...this.#receipts];
    return () => {
      this.signer.previous = previous;
      this.#receipts.clear();
      for (const [batch, receipt] of receipts) this.#receipts.set(batch, receipt);
    };
  }

  /** Another receiver, which knows nothing of this device. */
  forget(): void {
    this.signer = new ReceiptSigner();
    this.#receipts.clear();
    this.link.open.clear();
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

const device = 'appliance-1';

export interface RunDeps {
  readonly data: string;
  readonly cloud: SmallCloud;
  /** Told what the ledger says whenever it has acknowledged something. */
  readonly onAcknowledged: (ledger: Ledger) => void;
  readonly clock?: Clock;
  /** Space is needed, so what was delivered is released at once. */
  readonly isPressed?: boolean;
}

/**
 * One run of an appliance on a data folder, from recovery to an end in good order: the real intake, pipeline, seal
 * thread, ledger thread, courier and releaser. Rejects when it does not come up, when its ledger dies, or as `work` does.
 */
export async function runAppliance(deps: RunDeps, work: (ledger: Ledger) => Promise<void>): Promise<void> {
  const { data, cloud, onAcknowledged, clock = systemClock } = deps;
  const folders = foldersOf(data);
  const keys = await openLocalKeys(await KeyFolder.open(folders.keys));
  const { ledger: opened, tidy } = await recover({ folders, log });
  onAcknowledged(opened);
  const ledger = noted(opened, onAcknowledged);
  const gate = new Gate();
  const [siteKey, casesFolder] = [keys.site, folders.cases];
  const { limits, maxSpoolBytes } = intakeSchema.parse({});
  const caps = { maxEntries: 1000, maxBytes: 1 << 30, limits, maxSpoolBytes };
  const opener = new Opener({
    ...{ passwords: new Passwords({ gate, log, sources: [] }), caps, spoolFolder: folders.spool },
    storage: { availableBytes: async () => 1 << 30 },
  });
  const sealer = new Sealer(gate);
  const journal = new CaseJournal(folders.journal, keys.storage.secret);
  const courier = new Courier({
    ...{ ledger, link: cloud.link, gate, clock, log, folder: casesFolder, storageKey: keys.storage, device },
    recipients: [{ kid: keys.hospital.kid, publicKey: keys.hospital.publicKey }],
    sign: async (payload) => ['{}', payload, ''].map((part) => Buffer.from(part).toString('base64url')).join('.'),
    ...{ serverCaPem: cloud.caPem, receiptKeys: [cloud.signer.publicKey] },
    ...{ receiptMs: 200, retryMs: 20, ceilingMs: 400, quarantine: folders.quarantine },
    onReceipt: () => releaser.wake(),
    onDelivered: (caseId) => journal.append({ kind: 'delivered', caseId, at: clock.now().toISOString() }),
  });
  cloud.serve(courier);
  const releaser = new Releaser({
    ...{ ledger, gate, clock, log, folder: casesFolder, isPressed: () => deps.isPressed === true },
    ...{ policy: { keepDays: 30, keepDeliveredDays: 30 }, onReleased: () => {} },
  });
  const pipeline = new Pipeline({
    ...{
      ledger,
      journal,
      sealer,
      clock,
      log,
      siteKey,
      storageKey: keys.storage.secret,
      opener,
      mode: 'automatic' as const,
    },
    ...{ announce: () => {}, privacy: { profile: 'pseudonymised' as const, siteKey } },
    recipients: [keys.storage, { kid: keys.hospital.kid, publicKey: keys.hospital.publicKey }],
    ...{ casesFolder, quietMs: 20, maxEntries: 1000, maxBytes: 1 << 30 },
    send: { review: 'always', study: 'always' },
    ...{ onChange: () => {}, onSealed: () => courier.wake() },
  });
  const intake = new Intake({
    ...{ gate, clock, log, pipeline, inboxes: [join(data, 'inbox')], imports: { open: [] }, siteKey, rescanMs: 500 },
    prepare: (working, signal) => tidy(() => working.pass(signal)),
  });
  const end = new AbortController();
  gate.open();
  try {
    await courier.start(end.signal);
    await intake.start(end.signal);
    await releaser.start(end.signal);
    const died = opened.failed.then((error) => Promise.reject(error));
    await Promise.race([work(ledger), died]);
  } finally {
    end.abort(new Error('stopping'));
    await intake.stop();
    await sealer.stop();
    await courier.stop();
    await releaser.stop();
    await opened.close();
  }
}

/** The ledger, which tells when it has acknowledged something. */
function noted(ledger: Ledger, onAcknowledged: (ledger: Ledger) => void): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...values: unknown[]) => {
        const result: unknown = value.apply(target, values);
        if (name === 'audited') return noted(result as Ledger, onAcknowledged);
        if (name === 'close' || !(result instanceof Promise)) return result;
        return result.then((done: unknown) => {
          onAcknowledged(target);
          return done;
        });
      };
    },
  });
}

/** Puts an export into the inbox so that it appears at once. */
export function drop(data: string, name: string, files: Readonly<Record<string, string | Buffer>>): void {
  const aside = join(data, `aside-${name}`);
  writeFiles(aside, files);
  renameSync(aside, join(data, 'inbox', name));
}

/** Waits until so many cases are delivered, or released after that. */
export function delivered(ledger: Ledger, count: number, withinMs = 60_000): Promise<unknown> {
  const isSo = () => {
    const { delivered = 0, released = 0 } = ledger.read.stageCounts();
    return delivered + released === count;
  };
  return until(isSo, `${count} delivered`, withinMs, 5);
}
