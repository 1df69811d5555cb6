import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { type Clock, systemClock } from '../../core/clock.ts';
import { generateEcKeyPair, open } from '../../core/envelope.ts';
import { Gate } from '../../core/gate.ts';
import { openLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { type Manifest, manifestSchema } from '../../protocol/batch.ts';
import type { Tier } from '../../protocol/ids.ts';
import { openItemBlob } from '../../protocol/item-pack.ts';
import type { DeviceEvent } from '../../protocol/link.ts';
import type { WireItem } from '../../protocol/outbox.ts';
import type { ReceiptItems } from '../../protocol/receipt.ts';
import type { SealedArchiveRow } from '../case-commands.ts';
import { Courier, type CourierDeps } from '../courier.ts';
import { Ledger } from '../ledger.ts';
import { writeArchive } from './archive.ts';
import { serverIdentity } from './authority.ts';
import { BlobServer } from './blob-server.ts';
import { someCounts, someEntry } from './ledger.ts';
import { TestLink } from './link.ts';
import { ReceiptSigner } from './receiver.ts';

export const device = 'site-1';

/** Everything around a courier: a real ledger, real archives, a real HTTPS endpoint, and a receiver that can sign. */
export class CourierWorld {
  readonly gate = new Gate();
  readonly signer = new ReceiptSigner();
  readonly storageKey = { kid: 'storage-1', secret: new Uint8Array(randomBytes(32)) };
  readonly delivered: string[] = [];
  readonly folder: string;
  readonly server: BlobServer;
  readonly link: TestLink;
  readonly caPem: string;
  ledger: Ledger;
  courier: Courier;
  clock: Clock = systemClock;
  /** The receiver's key for what is sealed of the outbox. */
  readonly transit = generateEcKeyPair();
  readonly #signing = new Map<string, Promise<string>>();
  #lastSigned: Promise<unknown> = Promise.resolve();
  /** Receipts are sent by themselves. */
  acknowledges = true;
  /** Which items of an event the receiver refuses. */
  refusing: (event: DeviceEvent) => Pick<ReceiptItems, 'refused'> = () => ({});
  settings: Partial<CourierDeps> = {};

  static async make(t: TestContext, settings: Partial<CourierDeps> = {}): Promise<CourierWorld> {
    const folder = temporaryFolder(t);
    const identity = await serverIdentity();
    const server = await new BlobServer(identity).listen();
    const ledger = await Ledger.open({ path: join(folder, 'ledger.db'), log: openLog({ file: join(folder, 'log') }) });
    const world = new CourierWorld({ folder, server, ledger, caPem: identity.caPem, settings });
    world.gate.open();
    t.after(async () => {
      await world.courier.stop();
      await world.ledger.close();
      await server.close();
    });
    return world;
  }

  private constructor(parts: {
    readonly folder: string;
    readonly server: BlobServer;
    readonly ledger: Ledger;
    readonly caPem: string;
    readonly settings: Partial<CourierDeps>;
  }) {
    this.folder = parts.folder;
    this.server = parts.server;
    this.ledger = parts.ledger;
    this.caPem = parts.caPem;
    this.settings = parts.settings;
    this.link = new TestLink(() => this.server.host);
    this.link.onEvent = (event) => void (this.acknowledges && this.acknowledge(event));
    this.courier = this.newCourier();
  }

  newCourier(): Courier {
    return new Courier({
      ...{ ledger: this.ledger, link: this.link, gate: this.gate, clock: this.clock, folder: this.folder },
      log: openLog({ file: join(this.folder, 'log') }),
      storageKey: this.storageKey,
      device,
      recipients: [{ kid: 'transit-1', publicKey: this.transit.publicKey }],
      sign: async (payload) => `${b64('{"alg":"RS256"}')}.${b64(payload)}.${b64('signature')}`,
      serverCaPem: this.caPem,
      receiptKeys: [this.signer.publicKey],
      onDelivered: (caseId) => void this.delivered.push(caseId),
      ...{ receiptMs: 200, retryMs: 20, ceilingMs: 400 },
      ...this.settings,
    });
  }

  start(): Promise<void> {
    return this.courier.start(new AbortController().signal);
  }

  /** Opens the ledger again, after a test closed it and did something to its file. */
  reopen(): Promise<Ledger> {
    return Ledger.open({ path: join(this.folder, 'ledger.db'), log: openLog({ file: join(this.folder, 'log') }) });
  }

  /** Another courier on the same ledger, as after a restart. */
  async restart(): Promise<void> {
    await this.courier.stop();
    this.courier = this.newCourier();
    await this.start();
  }

  /** A sealed case with real archives of random bytes. */
  async seal(sizes: Partial<Record<Tier, number>>): Promise<{ caseId: string; archives: SealedArchiveRow[] }> {
    const { caseId } = await this.ledger.detect(someEntry());
    await this.ledger.settle(caseId, 'fingerprint', someCounts);
    const archives: SealedArchiveRow[] = [];
    for (const [tier, bytes] of Object.entries(sizes) as [Tier, number][]) {
      archives.push(await writeArchive(this, { caseId, tier, bytes }));
    }
    await this.ledger.seal(caseId, someCounts, archives);
    this.courier.wake();
    return { caseId, archives };
  }

  /** Signs the receipt for an announced batch and gives it to the courier. */
  acknowledge = async (event: DeviceEvent): Promise<{ status: number }> => {
    const known = this.ledger.read.receipts().find(({ batchId }) => batchId === event.messageId);
    // An announcement that is repeated while its receipt is being signed gets the same one, as from a real receiver.
    const signing = this.#signing.get(event.messageId) ?? (known ? Promise.resolve(known.jws) : this.receiptFor(event));
    this.#signing.set(event.messageId, signing);
    return this.courier.acceptAcknowledgement({ receipt: await signing });
  };

  /** Signs a new receipt for an announced batch, one after the other. */
  receiptFor(event: DeviceEvent): Promise<string> {
    const { batch, archives, items } = manifestFrom(event);
    const named = items && { count: items.count, sha256: items.sha256, ...this.refusing(event) };
    const signed = this.#lastSigned.then(() => this.signer.issue(this.signer.receipt(batch, device, archives, named)));
    this.#lastSigned = signed;
    return signed;
  }

  /** How many events the courier has sent and noted. */
  get announcements(): number {
    return readFileSync(join(this.folder, 'log'), 'utf8').split('batch announced').length - 1;
  }

  blobOf({ archiveId }: SealedArchiveRow): string {
    return `${device}/${archiveId}.case`;
  }
}

/** The items of an announced batch, wherever they are. */
export async function itemsFrom(world: CourierWorld, event: DeviceEvent): Promise<readonly WireItem[]> {
  const { items } = manifestFrom(event);
  if (!items?.sealed) return items?.inline ?? [];
  const { blob, keys } = items.sealed;
  const key = await open(keys, { kid: 'transit-1', privateKey: world.transit.privateKey });
  return openItemBlob(world.server.blobs.get(blob)?.content ?? Buffer.alloc(16), key, 64 * 1024 * 1024);
}

export function manifestFrom({ body }: DeviceEvent): Manifest {
  return manifestSchema.parse(JSON.parse(Buffer.from(body.split('.')[1] ?? '', 'base64url').toString()));
}

/** Waits until something is so; fails after twenty seconds. For what happens elsewhere and tells nobody. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 4000; n++) {
    if (isSo()) return;
    await after(5);
  }
  throw new Error(`waited in vain until ${what}`);
}

const b64 = (text: string) => Buffer.from(text).toString('base64url');
