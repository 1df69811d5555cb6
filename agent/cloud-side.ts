import { existsSync, readFileSync } from 'node:fs';
import {
  DpsClient,
  daysLeft,
  EstClient,
  enrol,
  type KeyFolder,
  type LocalKeys,
  type OperationalIdentity,
  reassign,
  signAsDevice,
} from '../certs/index.ts';
import type { Clock } from '../core/clock.ts';
import { eraseFile } from '../core/files.ts';
import type { Gate } from '../core/gate.ts';
import type { Service } from '../core/lifecycle.ts';
import { describe, type Log } from '../core/log.ts';
import type { Announce } from '../core/milestones.ts';
import type { Bundle } from '../protocol/bundle.ts';
import type { ApplianceStatus } from '../protocol/control.ts';
import { acknowledgeMethod } from '../protocol/receipt.ts';
import type { Reported } from '../protocol/twin.ts';
import { HubLink } from '../twin/index.ts';
import { Courier, type Ledger } from '../uploader/index.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';

interface Deps {
  readonly folders: Folders;
  readonly clock: Clock;
  readonly log: Log;
  readonly announce: Announce;
  readonly gate: Gate;
  readonly config: Config;
  readonly bundle: Bundle;
  readonly keyFolder: KeyFolder;
  readonly keys: LocalKeys;
  readonly ledger: Ledger;
  readonly snapshot: (certificateEnds: Date) => Promise<Reported>;
}

/** A refused identity is provisioned again at most this often. */
const reassignEveryMs = 5 * 60_000;

/**
 * Everything that needs the network: enrolment, then the link to the hub and the courier on it. Its start returns at
 * once, since offline is the normal case; enrolment goes on in the background until it succeeds.
 */
export class CloudSide implements Service {
  readonly name = 'cloud-side';
  readonly #deps: Deps;
  readonly #since: Date;
  #identity: OperationalIdentity | undefined;
  #link: HubLink | undefined;
  #courier: Courier | undefined;
  #running: Promise<void> | undefined;
  #lastReassignMs = Number.NEGATIVE_INFINITY;
  #error: string | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#since = deps.clock.now();
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(signal).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#error = describe(error).code ?? 'UNEXPECTED';
      const { message, hint } = describe(error);
      this.#deps.log.error({ error: describe(error) }, 'enrolment failed');
      const text = `Not enrolled: ${message ?? this.#error}. ${hint ?? 'See the log.'}`;
      this.#deps.announce({ event: 'enrolment-failed', text, details: { code: this.#error } });
    });
  }

  async stop(): Promise<void> {
    await this.#running;
    await this.#courier?.stop();
    await this.#link?.stop();
  }

  /** There is something new to deliver. */
  wake(): void {
    this.#courier?.wake();
  }

  /** Something worth reporting changed. */
  poke(): void {
    this.#link?.poke();
  }

  get status(): Pick<ApplianceStatus, 'link' | 'certificate'> {
    const offline = {
      state: 'offline',
      since: this.#since.toISOString(),
      error: this.#error ?? 'NOT_ENROLLED',
    } as const;
    const link = this.#link?.status ?? offline;
    if (!this.#identity) return { link };
    const { notAfter } = this.#identity;
    const left = daysLeft(notAfter, this.#deps.clock.now());
    return { link, certificate: { notAfter: notAfter.toISOString(), daysLeft: left } };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const identity = await this.#enrol(signal);
    this.#identity = identity;
    this.#deps.announce({
      event: 'enrolled',
      text: `Enrolled as ${identity.deviceId}, certificate until ${identity.notAfter.toISOString()}, hub ${identity.assignedHub}.`,
      details: { device: identity.deviceId, hub: identity.assignedHub },
    });
    this.#link = this.#newLink(identity, signal);
    this.#courier = this.#newCourier(identity, this.#link);
    await this.#link.start(signal);
    await this.#courier.start(signal);
    await this.#link.whenOnline(signal);
    this.#deps.announce({ event: 'online', text: `Online: connected to ${identity.assignedHub} over TLS.` });
  }

  async #enrol(signal: AbortSignal): Promise<OperationalIdentity> {
    const { bundle, clock, keyFolder, folders, announce } = this.#deps;
    const passphrase = existsSync(folders.passphrase) ? readFileSync(folders.passphrase, 'utf8').trim() : undefined;
    const identity = await enrol({
      ...{ bundle, folder: keyFolder, clock, signal, dps: this.#dps() },
      ...(passphrase === undefined ? {} : { passphrase }),
      est: new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock, onRetry: this.#noteRetry }),
      onWaiting: ({ fingerprint }) =>
        announce({
          event: 'waiting-for-approval',
          text: `Waiting for a person to approve this appliance. Key fingerprint: ${fingerprint}`,
          details: { fingerprint },
        }),
    });
    eraseFile(folders.passphrase);
    return identity;
  }

  #dps(): DpsClient {
    const { bundle, clock } = this.#deps;
    return new DpsClient({ ...bundle.dps, clock, onRetry: this.#noteRetry });
  }

  readonly #noteRetry = (error: unknown) => {
    this.#error = describe(error).code ?? 'UNREACHABLE';
  };

  #newLink(identity: OperationalIdentity, signal: AbortSignal): HubLink {
    const { bundle, clock, log, snapshot } = this.#deps;
    return new HubLink({
      clock,
      log,
      hub: () => ({
        host: this.#identity?.assignedHub ?? identity.assignedHub,
        ...bundle.hub,
        serverCaPem: bundle.serverCa,
      }),
      identity: () => this.#identity ?? identity,
      snapshot: () => snapshot(identity.notAfter),
      methods: {
        [acknowledgeMethod]: async (payload) =>
          (await this.#courier?.acceptAcknowledgement(payload)) ?? { status: 425, payload: { code: 'NOT_READY' } },
      },
      // Told on every connection: what waited for the link is due now.
      onDesired: () => this.#courier?.linkOnline(),
      onRejected: () => void this.#reassign(signal),
    });
  }

  #newCourier(identity: OperationalIdentity, link: HubLink): Courier {
    const { ledger, gate, clock, log, keys, folders, bundle, config, announce } = this.#deps;
    return new Courier({
      ...{ ledger, link, gate, clock, log, folder: folders.cases, storageKey: keys.storage },
      device: identity.deviceId,
      sign: signAsDevice(identity),
      serverCaPem: bundle.serverCa,
      receiptKeys: bundle.receiptKeys,
      parallelBlocks: config.upload.parallelBlocks,
      receiptMs: config.upload.receiptSeconds * 1000,
      onDelivered: (caseId) => {
        announce({
          event: 'case-delivered',
          text: `Case ${caseId}: delivered, its receipt is verified.`,
          details: { caseId },
        });
        link.poke();
      },
    });
  }

  /** The hub does not know this device: DPS may have moved it. */
  async #reassign(signal: AbortSignal): Promise<void> {
    const { clock, keyFolder, log } = this.#deps;
    if (!this.#identity || clock.monotonicMs() - this.#lastReassignMs < reassignEveryMs) return;
    this.#lastReassignMs = clock.monotonicMs();
    try {
      this.#identity = await reassign({ folder: keyFolder, dps: this.#dps(), signal }, this.#identity);
    } catch (error) {
      if (!signal.aborted) log.warn({ error: describe(error) }, 'provisioning again failed');
    }
  }
}
