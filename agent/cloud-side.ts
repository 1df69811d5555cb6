import {
  daysLeft,
  EstClient,
  type LocalKeys,
  type OperationalIdentity,
  reassign,
  renew,
  renewalDue,
  signAsDevice,
} from '../certs/index.ts';
import type { Recipient } from '../core/envelope.ts';
import type { Gate } from '../core/gate.ts';
import type { Service } from '../core/lifecycle.ts';
import { describe, type Log } from '../core/log.ts';
import type { Bundle } from '../protocol/bundle.ts';
import type { ApplianceStatus } from '../protocol/control.ts';
import { acknowledgeMethod } from '../protocol/receipt.ts';
import type { Reported } from '../protocol/twin.ts';
import { HubLink } from '../twin/index.ts';
import { type CaseJournal, Courier, defaultBatchPolicy, type Ledger } from '../uploader/index.ts';
import type { Config } from './config.ts';
import type { Outside } from './delivery/index.ts';
import { dpsOf, type EnrolmentDeps, enrolAppliance } from './enrolment.ts';
import { noteDelivered } from './journal-notes.ts';

interface Deps extends Omit<EnrolmentDeps, 'onRetry'> {
  readonly log: Log;
  readonly gate: Gate;
  readonly config: Config;
  readonly keys: LocalKeys;
  readonly ledger: Ledger;
  readonly journal: CaseJournal;
  readonly snapshot: (certificateEnds: Date) => Promise<Reported>;
  /** A receipt was verified: what it stands for is not owed any more. */
  readonly onReceipt: () => void;
  /** The receiver certified that a withdrawn case is erased there. */
  readonly onCertified: (caseId: string) => void;
}

/** The site file's upload part as the courier takes it. */
function uploadSettings({ upload }: Config) {
  const { receiptSeconds, alarmHours: _, zone = Intl.DateTimeFormat().resolvedOptions().timeZone, ...policy } = upload;
  return { policy, zone, receiptMs: receiptSeconds * 1000 };
}

/** A refused identity is provisioned again at most this often. */
const reassignEveryMs = 5 * 60_000;
/** How often the certificate's age is looked at, and how long a renewed one has to prove itself on the wire. */
const renewalEveryMs = 6 * 3_600_000;
const proofMs = 60_000;

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
    await this.#disconnect();
  }

  /** There is something new to deliver. */
  wake(): void {
    this.#courier?.wake();
  }

  /** What was postponed is due now, if there is a link. */
  hasten(): void {
    if (this.#link?.status.state === 'online') this.#courier?.linkOnline();
    else this.wake();
  }

  /** Something worth reporting changed. */
  poke(): void {
    this.#link?.poke();
  }

  /** What hinders deliveries now, as far as it is known here. */
  get outside(): Outside {
    return {
      link: this.status.link,
      isWindowOpen: this.#courier?.isWindowOpen ?? true,
      failureOf: (batchId) => this.#courier?.failureOf(batchId),
    };
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
    const identity = await enrolAppliance({ ...this.#deps, onRetry: this.#noteRetry }, signal);
    const link = await this.#connect(identity, signal);
    await link.whenOnline(signal);
    this.#deps.announce({ event: 'online', text: `Online: connected to ${identity.assignedHub} over TLS.` });
    await this.#keepRenewed(signal);
  }

  /** Link and courier for one identity; both hold its certificate, so a renewed one gets new ones. */
  async #connect(identity: OperationalIdentity, signal: AbortSignal): Promise<HubLink> {
    this.#identity = identity;
    const link = this.#newLink(identity, signal);
    this.#link = link;
    // Under `site-only` nothing leaves the site: there is nobody who could send it.
    const sends = this.#deps.config.privacy.profile !== 'site-only';
    this.#courier = sends ? this.#newCourier(identity, link) : undefined;
    await link.start(signal);
    await this.#courier?.start(signal);
    return link;
  }

  async #disconnect(): Promise<void> {
    await this.#courier?.stop();
    await this.#link?.stop();
  }

  /** Renews the certificate at two thirds of its life, never while a procedure may run. */
  async #keepRenewed(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    for (;;) {
      try {
        await this.#renewIfDue(signal);
      } catch (error) {
        signal.throwIfAborted();
        log.error({ error: describe(error) }, 'certificate not renewed, the old one stays in use');
      }
      await clock.sleep(renewalEveryMs, signal);
    }
  }

  async #renewIfDue(signal: AbortSignal): Promise<void> {
    using work = this.#deps.gate.work('certificate renewal');
    await work.pass(signal);
    if (this.#identity && renewalDue(this.#identity, this.#deps.clock.now())) await this.#renew(this.#identity, signal);
  }

  /** The old pair stays until the hub has let the new one in; if it does not, the old one connects again. */
  async #renew(old: OperationalIdentity, signal: AbortSignal): Promise<void> {
    const { bundle, clock, keyFolder, announce } = this.#deps;
    const reconnect = async (identity: OperationalIdentity) => {
      await this.#disconnect();
      return this.#connect(identity, signal);
    };
    const prove = async (renewed: OperationalIdentity) => {
      const link = await reconnect(renewed);
      await link.whenOnline(AbortSignal.any([signal, AbortSignal.timeout(proofMs)]));
    };
    const est = new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock });
    try {
      const { notAfter } = await renew({ folder: keyFolder, est, prove, clock, signal }, old);
      announce({ event: 'renewed', text: `Certificate renewed, valid until ${notAfter.toISOString()}.` });
    } catch (error) {
      if (!signal.aborted && this.#identity !== old) await reconnect(old);
      throw error;
    }
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
    const { ledger, journal, gate, clock, log, keys, folders, bundle, config, announce } = this.#deps;
    return new Courier({
      ...{ ledger, link, gate, clock, log, folder: folders.cases, storageKey: keys.storage },
      device: identity.deviceId,
      sign: signAsDevice(identity),
      serverCaPem: bundle.serverCa,
      receiptKeys: bundle.receiptKeys,
      ...uploadSettings(config),
      onReceipt: () => this.#deps.onReceipt(),
      batches: batchLimits(config.upload.batch),
      recipients: recipientsOfItems(bundle, keys),
      quarantine: folders.quarantine,
      onCertified: (caseId) => {
        const text = `Case ${caseId}: its deletion at the receiver is certified.`;
        announce({ event: 'case-certified', text, details: { caseId } });
        this.#deps.onCertified(caseId);
        link.poke();
      },
      onDelivered: (caseId) => {
        noteDelivered(journal, caseId, clock.now(), log);
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
      this.#identity = await reassign({ folder: keyFolder, dps: dpsOf(this.#deps), signal }, this.#identity);
    } catch (error) {
      if (!signal.aborted) log.warn({ error: describe(error) }, 'provisioning again failed');
    }
  }
}

function batchLimits({
  maxArchives,
  maxArchiveBytes,
  maxItems,
  maxItemBytes,
  maxAgeSeconds,
}: Config['upload']['batch']) {
  return {
    archives: { ...defaultBatchPolicy, maxArchives, maxBytes: maxArchiveBytes },
    items: { maxItems, maxBytes: maxItemBytes, maxAgeMs: maxAgeSeconds * 1000 },
  };
}

/** Whoever can open a case can open what the outbox carries; nothing of it is kept here once it is delivered. */
function recipientsOfItems(bundle: Bundle, { hospital }: LocalKeys): readonly Recipient[] {
  const receivers = bundle.recipients.map(({ kid, ...publicKey }) => ({ kid, publicKey }));
  return [{ kid: hospital.kid, publicKey: hospital.publicKey }, ...receivers];
}
