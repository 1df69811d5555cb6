import type { Agent } from 'node:https';
import device, { type Client, type Message, type Twin } from 'azure-iot-device';
import { DefaultFileUploadApi } from 'azure-iot-device/dist/blob_upload/index.js';
import transport from 'azure-iot-device-mqtt';
import { asError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { withDeadline } from '../core/retry.ts';
import type { DeviceEvent, MethodHandler, UploadTicket } from '../protocol/link.ts';
import { type DeviceIdentity, type HubAddress, hubAgent } from './agent.ts';
import { type Desired, observe, readDesired } from './desired.ts';
import { LinkError } from './errors.ts';
import { connectFault, httpFault } from './faults.ts';
import type { LinkLimits } from './limits.ts';
import { answerMethod } from './methods.ts';
import { isObject, type JsonObject } from './reported.ts';
import { GuardedHttp, GuardedMqtt, statusOf } from './transport.ts';

export interface SessionDeps {
  readonly hub: HubAddress;
  readonly identity: DeviceIdentity;
  readonly methods: Readonly<Record<string, MethodHandler>>;
  readonly limits: LinkLimits;
  readonly log: Log;
  readonly onDesired: (desired: Desired) => void;
}

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

  constructor(deps: SessionDeps) {
    const { hub, identity, limits } = deps;
    this.#deps = deps;
    this.#base = new GuardedMqtt(limits.maxInboundBytes, (fault) => this.#lose(fault));
    this.#agent = hubAgent(hub, identity, limits.uploadMs);
    const credentials = new device.X509AuthenticationProvider({
      host: hub.host,
      deviceId: identity.deviceId,
      gatewayHostName: `${hub.host}:${hub.mqttPort}`,
      x509: { cert: identity.certificatePem, key: identity.keyPem },
    });
    const files = new DefaultFileUploadApi(credentials, new GuardedHttp());
    this.#client = new device.Client(new transport.Mqtt(credentials, this.#base), undefined, undefined, files);
    this.#client.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => -1 });
    this.#client.on('error', (error) => this.#lose(lostBy(error)));
    this.#client.on('disconnect', (result) => this.#lose(lostBy(result?.transportObj)));
  }

  /** Resolves, once, with the reason why the connection is of no more use. */
  get lost(): Promise<LinkError> {
    return this.#lost.promise;
  }

  /** Connects, listens for methods and desired properties, fetches the twin. Returns what the hub holds as reported. */
  async open(): Promise<JsonObject> {
    const { limits, methods } = this.#deps;
    await this.#bounded(this.#client.setOptions(this.#options()), limits.openMs, 'setting the options');
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

  /** `setOptions` replaces everything that was set before, so it always gets everything. */
  #options(): Parameters<Client['setOptions']>[0] {
    const { hub, identity, limits } = this.#deps;
    return {
      ca: hub.serverCaPem,
      cert: identity.certificatePem,
      key: identity.keyPem,
      keepalive: limits.keepAliveSeconds,
      http: { agent: this.#agent },
    };
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
    twin.on('properties.desired', (patch: unknown) => this.#observe(patch));
    return this.#fetchTwin(twin);
  }

  async #fetchTwin(twin: Twin): Promise<JsonObject> {
    await this.#bounded(twin.get(), this.#deps.limits.twinMs, 'fetching the twin');
    const desired = readDesired(structuredClone(twin.properties.desired));
    if (!desired) throw this.#lose(new LinkError('PROTOCOL', 'the twin has no desired $version'));
    if (desired.version !== this.#desired?.version) this.#learn(desired);
    const { update: _update, $version: _version, ...reported } = twin.properties.reported;
    return isObject(reported) ? structuredClone(reported) : {};
  }

  #observe(patch: unknown): void {
    if (!this.#desired || !this.#twin) return;
    const observation = observe(this.#desired, structuredClone(patch));
    if (observation.kind === 'changed') this.#learn(observation.desired);
    if (observation.kind === 'gap') this.#fetchTwin(this.#twin).catch((error) => this.#lose(lostBy(asError(error))));
  }

  #learn(desired: Desired): void {
    this.#desired = desired;
    this.#deps.onDesired(desired);
  }

  #lose(fault: LinkError): LinkError {
    this.#lost.resolve(fault);
    return fault;
  }

  async #http<T>(work: Promise<T>, what: string): Promise<T> {
    const judged = work.catch((error) => {
      throw httpFault(statusOf(error), error, what);
    });
    return withLoss(withDeadline(judged, this.#deps.limits.uploadMs + 1000, what).catch(asLate), this.lost);
  }

  /** Past its deadline a call takes the whole connection with it: the SDK keeps nothing that could be cancelled. */
  async #bounded<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
    const late = withDeadline(work, ms, what).catch((error) => {
      throw isLate(error) ? this.#lose(lateBy(error)) : error;
    });
    return withLoss(late, this.lost);
  }
}

/** The result of `work`, or the loss of the connection, whichever comes first. */
async function withLoss<T>(work: Promise<T>, lost: Promise<LinkError>): Promise<T> {
  return Promise.race([
    work,
    lost.then((fault) => {
      throw fault.code === 'DEADLINE' || fault.code === 'PROTOCOL'
        ? fault
        : new LinkError('LOST', 'the connection was lost', { cause: fault });
    }),
  ]);
}

function messageOf(event: DeviceEvent): Message {
  const message = new device.Message(event.body);
  message.messageId = event.messageId;
  message.contentType = event.contentType as 'application/json';
  message.contentEncoding = 'utf-8';
  message.properties.add('kind', event.kind);
  return message;
}

function readTicket(answer: unknown, what: string): UploadTicket {
  const fields = ['correlationId', 'hostName', 'containerName', 'blobName', 'sasToken'] as const;
  if (!isObject(answer) || fields.some((field) => typeof answer[field] !== 'string' || answer[field] === '')) {
    throw new LinkError('PROTOCOL', `${what}: the hub's answer lacks a field`);
  }
  return Object.fromEntries(fields.map((field) => [field, answer[field]])) as unknown as UploadTicket;
}

function isLate(error: unknown): error is Error {
  return error instanceof Error && error.name === 'TimeoutError';
}

function lateBy(error: Error): LinkError {
  return new LinkError('DEADLINE', error.message, { cause: error });
}

function asLate(error: unknown): never {
  throw isLate(error) ? lateBy(error) : error;
}

function lostBy(reason: unknown): LinkError {
  if (reason instanceof LinkError) return reason;
  return new LinkError('LOST', 'the connection to the hub was lost', { cause: asError(reason ?? 'no reason given') });
}
