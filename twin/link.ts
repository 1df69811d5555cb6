import { Addresses } from '../core/addresses.ts';
import type { Clock } from '../core/clock.ts';
import type { Service } from '../core/lifecycle.ts';
import { describe, type Log } from '../core/log.ts';
import { backoff, type Delay } from '../core/retry.ts';
import type { CloudLink, DeviceEvent, MethodHandler, UploadTicket } from '../protocol/link.ts';
import type { Reported } from '../protocol/twin.ts';
import { abortable } from './abort.ts';
import type { DeviceIdentity, HubAddress } from './agent.ts';
import type { Desired } from './desired.ts';
import { LinkError } from './errors.ts';
import { connectFault } from './faults.ts';
import { defaultLimits, type LinkLimits } from './limits.ts';
import { Reporter } from './reporter.ts';
import { wayReturned } from './scout.ts';
import { Session } from './session.ts';
import { Window } from './window.ts';

export interface HubLinkDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Asked anew before every connection: a renewed certificate or a new hub is used from the next one on. */
  readonly hub: () => HubAddress;
  readonly identity: () => DeviceIdentity;
  readonly snapshot: () => Promise<Reported>;
  readonly methods: Readonly<Record<string, MethodHandler>>;
  /** The hub does not accept this device: the caller provisions it again. Called once per refused attempt. */
  readonly onRejected?: (error: LinkError) => void;
  /** What is desired: told on every new connection, just before it is online, and again whenever it changes. */
  readonly onDesired?: (desired: Desired) => void;
  readonly limits?: Partial<LinkLimits>;
}

/** For the status: what the link is doing, since when, and the code of the last failure while it is not online. */
export interface LinkStatus {
  readonly state: LinkState;
  readonly since: string;
  readonly error?: string;
}

/**
 * - `offline`: no connection; the next attempt waits for its back-off, or the link is stopped.
 * - `connecting`: an attempt runs, from the first packet to the fetched twin.
 * - `online`: connected, subscribed, twin known; calls go through.
 */
export type LinkState = 'offline' | 'connecting' | 'online';

/** With these the hub itself said no: it is there, and is not asked before the back-off is over. */
const answered: ReadonlySet<string> = new Set(['IDENTITY_REFUSED', 'HUB_BUSY', 'SERVER_NOT_TRUSTED', 'REFUSED']);

/**
 * The appliance's link to the hub: keeps a connection up for as long as it runs, with back-off, a new SDK client per
 * attempt and the twin fetched on each. Nothing is stored here: a call that fails is the caller's to repeat.
 */
export class HubLink implements Service, CloudLink {
  readonly name = 'hub-link';
  readonly #deps: HubLinkDeps;
  readonly #limits: LinkLimits;
  readonly #delay: Delay;
  readonly #reporter: Reporter;
  readonly #window: Window;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #state: LinkState = 'offline';
  #since: Date;
  #error: string | undefined;
  #session: Session | undefined;
  #desired: Desired | undefined;
  #online = Promise.withResolvers<void>();
  /** Where the last attempt went. */
  #tried: HubAddress | undefined;
  #awaySinceMs: number | undefined;
  readonly #addresses: Addresses;

  constructor(deps: HubLinkDeps) {
    const limits = { ...defaultLimits, ...deps.limits };
    this.#deps = deps;
    this.#limits = limits;
    this.#delay = backoff(limits.retryFirstMs, limits.retryCeilingMs);
    this.#reporter = new Reporter({ ...deps, reportEveryMs: limits.reportEveryMs });
    this.#window = new Window(limits.eventsInFlight);
    this.#since = deps.clock.now();
    this.#addresses = new Addresses(deps.clock);
  }

  get state(): LinkState {
    return this.#state;
  }

  get status(): LinkStatus {
    const error = this.#error === undefined || this.#state === 'online' ? {} : { error: this.#error };
    return { state: this.#state, since: this.#since.toISOString(), ...error };
  }

  /** The desired section as last seen; undefined before the first connection. */
  get desired(): Desired | undefined {
    return this.#desired;
  }

  /** Begins to connect and returns at once: being offline is the normal case, not a failed start. */
  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#stop.signal]));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new LinkError('OFFLINE', 'the link is stopping'));
    await this.#running;
  }

  /** Something worth reporting may have changed. */
  poke(): void {
    this.#reporter.poke();
  }

  async whenOnline(signal?: AbortSignal): Promise<void> {
    while (this.#state !== 'online') {
      signal?.throwIfAborted();
      await (signal ? abortable(this.#online.promise, signal) : this.#online.promise);
    }
  }

  async sendEvent(event: DeviceEvent): Promise<void> {
    const bytes = Buffer.byteLength(event.body);
    if (bytes > this.#limits.maxEventBytes) {
      throw new LinkError('EVENT_TOO_LARGE', `an event has ${bytes} bytes, at most ${this.#limits.maxEventBytes} fit`);
    }
    await this.#window.run(() => this.#connected().sendEvent(event));
  }

  async requestUpload(blobName: string): Promise<UploadTicket> {
    if (!/^[\x21-\x7e]{1,200}$/.test(blobName)) {
      throw new LinkError('BAD_BLOB_NAME', 'a blob name must be 1 to 200 printable ASCII characters');
    }
    return this.#connected().requestUpload(blobName);
  }

  async finishUpload(correlationId: string, succeeded: boolean): Promise<void> {
    await this.#connected().finishUpload(correlationId, succeeded);
  }

  #connected(): Session {
    if (this.#state === 'online' && this.#session) return this.#session;
    throw new LinkError('OFFLINE', 'there is no connection to the hub', { hint: 'It connects again by itself.' });
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; ) {
      const onlineMs = await this.#runSession(signal);
      if (onlineMs >= this.#limits.steadyMs) attempt = 1;
      if (await this.#waitForTurn(this.#delay(attempt++), signal)) attempt = 1;
    }
  }

  /** The back-off, cut short when the way to the hub was gone and is there again: then true. */
  async #waitForTurn(waitMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#deps;
    this.#awaySinceMs ??= clock.monotonicMs();
    try {
      if (!this.#tried || answered.has(this.#error ?? '')) return await clock.sleep(waitMs, signal).then(() => false);
      const { host, mqttPort: port, serverCaPem: caPem } = this.#tried;
      const target = { host, port, lookup: this.#addresses.lookup };
      const onAway = (error: unknown) => this.#fail(error, signal);
      const order = { target, caPem, clock, sinceMs: this.#awaySinceMs, onAway };
      return await wayReturned(order, waitMs, signal);
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  /** One connection from its first packet to its end. Returns how long it was online, in milliseconds. */
  async #runSession(signal: AbortSignal): Promise<number> {
    const { clock, log, hub, identity, methods } = this.#deps;
    let session: Session | undefined;
    let onlineAt: number | undefined;
    try {
      this.#become('connecting');
      this.#tried = hub();
      session = new Session({
        ...{ hub: this.#tried, identity: identity(), methods, limits: this.#limits, log, clock },
        addresses: this.#addresses,
        onDesired: (desired) => this.#learn(desired),
      });
      const reported = await abortable(session.open(), signal);
      this.#session = session;
      onlineAt = clock.monotonicMs();
      this.#become('online');
      await this.#live(session, reported, signal);
    } catch (error) {
      this.#fail(error, signal);
    }
    this.#session = undefined;
    this.#become('offline');
    await session?.drop();
    return onlineAt === undefined ? 0 : clock.monotonicMs() - onlineAt;
  }

  /** Reports until the connection is lost or the link stops; then throws the reason. */
  async #live(session: Session, reported: Parameters<Reporter['run']>[0], signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const reporting = this.#reporter.run(reported, (patch) => session.report(patch), ended.signal);
    try {
      throw await abortable(session.lost, signal);
    } finally {
      ended.abort();
      this.#session = undefined;
      this.#become('offline');
      await reporting;
    }
  }

  #learn(desired: Desired): void {
    const isNews = desired.version !== this.#desired?.version;
    this.#desired = desired;
    if (isNews) this.#deps.log.info({ version: desired.version }, 'desired properties seen');
    this.#deps.onDesired?.(desired);
  }

  #fail(thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const fault = connectFault(thrown);
    if (fault.code !== this.#error) this.#deps.log.warn({ error: describe(fault) }, 'link to the hub failed');
    this.#error = fault.code;
    if (fault.code === 'IDENTITY_REFUSED') this.#deps.onRejected?.(fault);
  }

  #become(state: LinkState): void {
    if (state === this.#state) return;
    if (this.#state === 'online') this.#online = Promise.withResolvers<void>();
    this.#state = state;
    this.#since = this.#deps.clock.now();
    if (state !== 'online') return;
    this.#error = undefined;
    this.#awaySinceMs = undefined;
    this.#deps.log.info({}, 'link to the hub is online');
    this.#online.resolve();
  }
}
