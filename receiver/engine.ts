import type { Clock } from '../core/clock.ts';
import type { Service } from '../core/lifecycle.ts';
import { describe, type Log } from '../core/log.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { BlobSource, DeviceChannel } from './channel/channel.ts';
import { Deliveries } from './delivery/deliveries.ts';
import { readCertificates } from './intake/device-certificate.ts';
import { runFeed } from './intake/feed.ts';
import { Intake } from './intake/intake.ts';
import { Lanes } from './intake/lanes.ts';
import { receiptSigner } from './intake/receipts.ts';
import type { Objects } from './objects/objects.ts';
import type { ReceiverSettings } from './settings.ts';
import { certificateSigner } from './withdrawal/certificate.ts';
import { Eraser } from './withdrawal/eraser.ts';

/** What the receiver stands on. Each can be another implementation of its port. */
export interface Ports {
  readonly catalogue: Catalogue;
  readonly objects: Objects;
  readonly channel: DeviceChannel;
  readonly blobs: BlobSource;
}

export interface EngineDeps extends Ports {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ReceiverSettings;
}

/**
 * The receiver at work: events in, proved archives into the store, receipts out. Four loops that meet in the catalogue and
 * wake each other: the feed takes events over, the lanes deal with them, the eraser does what they order, the deliveries
 * tell the devices. It may be
 * killed anywhere; what it had not finished it does again, to the same result.
 */
export class Engine implements Service {
  readonly name = 'receiver-engine';
  readonly #deps: EngineDeps;
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { log } = this.#deps;
    await this.#cleanUp();
    const { deliveries, eraser, feed, lanes } = await this.#parts();
    const stopping = AbortSignal.any([signal, this.#stop.signal]);
    const loops = [runFeed(feed, stopping), lanes.run(stopping), deliveries.run(stopping), eraser.run(stopping)];
    this.#running = Promise.allSettled(loops).then((ended) => {
      for (const loop of ended) {
        if (loop.status === 'rejected') log.error({ error: describe(loop.reason) }, 'the receiver ended by a failure');
      }
    });
    log.info({}, 'receiver started');
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the receiver is stopping'));
    await this.#running;
  }

  /** Nothing is under way yet: whatever no receipt stands for, and no waiting event will ask for, is a leftover. */
  async #cleanUp(): Promise<void> {
    const { catalogue, log, objects } = this.#deps;
    let removed = await objects.sweep();
    if (await catalogue.isInboxEmpty()) {
      const kept = (await catalogue.reader.archives()).filter(({ withdrawnAt }) => withdrawnAt === undefined);
      const entered = new Set(kept.map((archive) => archive.sha256));
      const orphans = (await objects.list()).filter((sha256) => !entered.has(sha256));
      for (const sha256 of orphans) await objects.remove(sha256);
      removed += orphans.length;
    }
    if (removed > 0) log.info({ removed }, 'leftovers removed');
  }

  async #parts() {
    const { limits, operationalCaPem, keys } = this.#deps.settings;
    const sign = await receiptSigner(keys.receipt);
    const certificates = { authorities: readCertificates(operationalCaPem), clockSkewMs: limits.clockSkewMs };
    const deliveries = new Deliveries({ ...this.#deps, ...limits });
    const eraser = new Eraser({
      ...{ ...this.#deps, ...limits, sign: await certificateSigner(keys.receipt) },
      onCertified: (deviceId) => deliveries.wake(deviceId),
    });
    const intake = new Intake({
      ...this.#deps,
      ...limits,
      sign,
      certificates,
      rules: limits,
      transitKey: keys.transit,
    });
    const lanes = new Lanes({
      ...this.#deps,
      lanes: limits.lanes,
      take: (event, signal) => intake.take(event, signal),
      onSettled: (deviceId) => {
        deliveries.wake(deviceId);
        eraser.wake();
      },
    });
    const onAccepted = (deviceIds: readonly string[]) => {
      lanes.wake();
      for (const deviceId of deviceIds) deliveries.wake(deviceId);
    };
    return { deliveries, eraser, lanes, feed: { ...this.#deps, ...limits, onAccepted } };
  }
}
