import type { Agent } from 'node:https';
import type { Client, Twin } from 'azure-iot-device';
import type { Addresses } from '../core/addresses.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { withDeadline } from '../core/retry.ts';
import { seekWay } from '../core/way.ts';
import type { DeviceEvent, MethodHandler, UploadTicket } from '../protocol/link.ts';
import { type DeviceIdentity, type HubAddress, hubAgent } from './agent.ts';
import { clientOptions, newClient } from './client.ts';
import { type Desired, observe, readDesired } from './desired.ts';
import { LinkError } from './errors.ts';
import { connectFault, httpFault, isLate, lateBy, lostBy } from './faults.ts';
import type { LinkLimits } from './limits.ts';
import { answerMethod } from './methods.ts';
import { isObject, type JsonObject } from './reported.ts';
import { GuardedMqtt, statusOf } from './transport.ts';
import { messageOf, readTicket } from './wire.ts';

export interface SessionDeps {
  readonly hub: HubAddress;
  readonly identity: DeviceIdentity;
  readonly methods: Readonly<Record<string, MethodHandler>>;
  readonly limits: LinkLimits;
  readonly log: Log;
  readonly onDesired: (desired: Desired) => void;
  readonly clock: Clock;
  readonly addresses: Addresses;
}

/** A call without an answer for so long has the way to the hub looked at. */
const doubtMs = 2_000;

/**
 * One connection to the hub: one SDK client, used from its first connect to its first loss and never again. Every
 * call ends: with its answer, at its deadline, or when the connection is lost. The SDK's own retries are off.
 */
export class Session {
  readonly #deps: SessionDeps;
  readonly #lost = Promise.withResolvers<LinkError>();
  readonly #base: GuardedMqtt;
  readonly #agent: Agent;
  readonly #client: Client;
  #twin: Twin | undefined;
  #desired: Desired | undefined;
  #missedPush = false;
  #fault: LinkError | undefined;
  readonly #calls = new Set<(fault: LinkError) => void>();
  readonly #ended = new AbortController();
  #isDoubted = false;

  constructor(deps: SessionDeps) {
    const { hub, identity, limits } = deps;
    this.#deps = deps;
    this.#base = new GuardedMqtt(limits.maxInboundBytes, (fault) => this.#lose(fault));
    this.#agent = hubAgent(hub, identity, limits.uploadMs);
    this.#client = newClient({ hub, identity, base: this.#base });
    this.#client.on('error', (error) => this.#lose(lostBy(error)));
    this.#client.on('disconnect', (result) => this.#lose(lostBy(result?.transportObj)));
  }

  /** Resolves, once, with the reason why the connection is of no more use. */
  get lost(): Promise<LinkError> {
    return this.#lost.promise;
  }

  /** Connects, listens for methods and desired properties, fetches the twin. Returns what the hub holds as reported. */
  async open(): Promise<JsonObject> {
    const { hub, identity, limits, methods } = this.#deps;
    const options = clientOptions({ hub, identity, agent: this.#agent, keepAliveSeconds: limits.keepAliveSeconds });
    await this.#bounded(this.#client.setOptions(options), limits.openMs, 'setting the options');
    await this.#bounded(this.#connect(), limits.openMs, 'connecting');
    for (const [name, handler] of Object.entries(methods)) this.#listen(name, handler);
    return this.#openTwin();
  }

  /** Sends one event; resolves with the hub's PUBACK (QoS 1). */
  async sendEvent(event: DeviceEvent): Promise<void> {
    await this.#bounded(this.#client.sendEvent(messageOf(event)), this.#deps.limits.eventMs, 'sending an event');
  }

  /** Writes a merge patch of reported properties; resolves when the hub has accepted it. */
  async report(patch: JsonObject): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#twin?.properties.reported.update(patch, (error: Error | null) => {
      if (error) reject(new LinkError('REFUSED', 'the hub refused the reported properties', { cause: error }));
      else resolve();
    });
    await this.#bounded(promise, this.#deps.limits.twinMs, 'reporting');
  }

  async requestUpload(blobName: string): Promise<UploadTicket> {
    const what = 'asking for an upload';
    return readTicket(await this.#http(this.#client.getBlobSharedAccessSignature(blobName), what), what);
  }

  async finishUpload(correlationId: string, succeeded: boolean): Promise<void> {
    const [status, text] = succeeded ? [201, 'committed'] : [499, 'abandoned'];
    const answer = this.#client.notifyBlobUploadStatus(correlationId, succeeded, status, text);
    await this.#http(answer, 'closing an upload');
  }

  /** Ends the connection: politely for `closeMs`, then by cutting the socket. Never rejects. */
  async drop(): Promise<void> {
    this.#lose(new LinkError('LOST', 'the connection was closed'));
    this.#agent.destroy();
    await withDeadline(this.#client.close(), this.#deps.limits.closeMs, 'closing').catch(() => undefined);
    this.#base.destroy();
  }

  async #connect(): Promise<void> {
    try {
      await this.#client.open();
    } catch (error) {
      throw connectFault(this.#base.connectError ?? error);
    }
  }

  #listen(name: string, handler: MethodHandler): void {
    const { limits, log } = this.#deps;
    this.#client.onDeviceMethod(name, async (request, response) => {
      const answer = await answerMethod({ name, payload: request.payload, handler }, { limits, log });
      try {
        await withDeadline(response.send(answer.status, answer.payload), limits.twinMs, 'answering a method');
      } catch {
        log.info({ method: name }, 'the answer to a direct method could not be sent');
      }
    });
  }

  /**
   * Desired properties pushed while offline, or between a get and the subscription, are gone for good (QoS 0). So the
   * twin is fetched again after the subscription was asked for on the same ordered connection.
   */
  async #openTwin(): Promise<JsonObject> {
    const { limits } = this.#deps;
    const twin = await this.#bounded(this.#client.getTwin(), limits.twinMs, 'fetching the twin');
    this.#twin = twin;
    twin.on('error', (error: Error) => this.#lose(lostBy(error)));
    twin.on('properties.desired', (patch: unknown) => this.#observe(twin, patch));
    return this.#fetchTwin(twin);
  }

  async #fetchTwin(twin: Twin): Promise<JsonObject> {
    do {
      this.#missedPush = false;
      await this.#bounded(twin.get(), this.#deps.limits.twinMs, 'fetching the twin');
    } while (this.#missedPush);
    const desired = readDesired(structuredClone(twin.properties.desired));
    if (!desired) throw this.#lose(new LinkError('PROTOCOL', 'the twin has no desired $version'));
    if (desired.version !== this.#desired?.version) this.#learn(desired);
    const { update: _update, $version: _version, ...reported } = twin.properties.reported;
    return isObject(reported) ? structuredClone(reported) : {};
  }

  /** The SDK emits a fetched section like a pushed patch; only the patch has news in it. */
  #observe(twin: Twin, patch: unknown): void {
    if (patch === twin.properties.desired) return;
    if (!this.#desired) {
      this.#missedPush = true;
      return;
    }
    const observation = observe(this.#desired, structuredClone(patch));
    if (observation.kind === 'changed') this.#learn(observation.desired);
    if (observation.kind === 'gap') this.#fetchTwin(twin).catch((error) => this.#lose(lostBy(error)));
  }

  #learn(desired: Desired): void {
    this.#desired = desired;
    this.#deps.onDesired(desired);
  }

  #lose(fault: LinkError): LinkError {
    if (this.#fault) return fault;
    this.#fault = fault;
    this.#ended.abort(fault);
    for (const reject of this.#calls) reject(fault);
    this.#lost.resolve(fault);
    return fault;
  }

  async #http<T>(work: Promise<T>, what: string): Promise<T> {
    const judged = work.catch((error) => {
      throw httpFault(statusOf(error), error, what);
    });
    return this.#untilLost(withDeadline(judged, this.#deps.limits.uploadMs + 1000, what));
  }

  /** Past its deadline a call takes the whole connection with it: the SDK keeps nothing that could be cancelled. */
  async #bounded<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
    const late = withDeadline(work, ms, what).catch((error) => {
      throw isLate(error) ? this.#lose(lateBy(error)) : error;
    });
    return this.#untilLost(late);
  }

  /**
   * A line that swallows packets tells nobody, and what was sent meanwhile is not answered when it works again. So when
   * the way to the hub was gone and is back, this connection is of no more use: its calls are made on another, now.
   */
  #doubt(): void {
    if (this.#isDoubted || this.#fault) return;
    this.#isDoubted = true;
    const { hub, clock, addresses } = this.#deps;
    const target = { host: hub.host, port: hub.mqttPort, lookup: addresses.lookup };
    const order = { target, caPem: hub.serverCaPem, clock, sinceMs: clock.monotonicMs() };
    seekWay(order, this.#ended.signal).then(
      ({ wasAway, connection }) => {
        connection?.socket.destroy();
        this.#isDoubted = false;
        if (wasAway) this.#lose(new LinkError('LOST', 'the line to the hub was gone for a while'));
      },
      () => {},
    );
  }

  /** The result of `work`, or the loss of the connection, whichever comes first. */
  async #untilLost<T>(work: Promise<T>): Promise<T> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    this.#calls.add(reject);
    const doubt = setTimeout(() => this.#doubt(), doubtMs);
    if (this.#fault) reject(this.#fault);
    try {
      return await Promise.race([work, lost]);
    } catch (error) {
      throw error instanceof LinkError ? error : lostBy(error);
    } finally {
      clearTimeout(doubt);
      this.#calls.delete(reject);
    }
  }
}
