import { Aedes, type AuthenticateError, type Client, type PublishPacket, type Subscription } from 'aedes';
import { asError } from '../../core/errors.ts';
import { describe, type Log } from '../../core/log.ts';
import { type DpsDeps, Registration } from '../dps/registration.ts';
import { type DeviceCertificate, peerOf } from '../identity/certificate.ts';
import type { Sessions } from '../state/sessions.ts';
import { type AdmissionDeps, admit, type ConnectRequest } from './admission.ts';
import type { Attendance } from './attendance.ts';
import { readConnect } from './connect-request.ts';
import type { Connection } from './connection.ts';
import { type DeviceLinks, sendTo } from './device-links.ts';
import { connectTimeoutMs } from './limits.ts';
import { noRouting } from './no-routing.ts';
import { type PublishDeps, type Session, takePublish } from './publishes.ts';
import { sessionPersistence } from './session-persistence.ts';
import { WireError } from './telemetry.ts';
import { dpsResponses, readDeviceSubscription } from './topics.ts';

export interface BrokerDeps {
  readonly log: Log;
  readonly sessions: Sessions;
  readonly links: DeviceLinks;
  readonly attendance: Attendance;
  readonly publishes: PublishDeps;
  readonly admission: AdmissionDeps;
  readonly dps: DpsDeps;
  /** False while the hub starts or stops: a CONNECT is then answered with "server unavailable". */
  readonly isServing: () => boolean;
}

/** Return codes of a CONNACK (MQTT 3.1.1, 3.2.2.3). */
const serverUnavailable = 3;
const notAuthorized = 5;

/**
 * The MQTT side of hub and DPS on one broker. It never routes: each packet is taken in `authorizePublish`, because the
 * broker acknowledges QoS 1 right after that call, and so an event is on disk before its PUBACK; each answer goes to
 * the one connection that asked.
 */
export class Broker {
  readonly #deps: BrokerDeps;
  readonly #requests = new WeakMap<Client, ConnectRequest>();
  readonly #sessions = new WeakMap<Client, Session>();
  readonly #certificates = new WeakMap<Client, DeviceCertificate>();
  #aedes: Aedes | undefined;

  constructor(deps: BrokerDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#aedes = await Aedes.createBroker({
      mq: noRouting,
      persistence: sessionPersistence(this.#deps.sessions),
      connectTimeout: connectTimeoutMs,
      maxTopicLevels: 16,
      drainTimeout: 30_000,
      preConnect: (client, packet, done) => {
        this.#requests.set(client, readConnect(packet));
        done(null, true);
      },
      authenticate: (client, _name, _password, done) => {
        const returnCode = this.#admit(client);
        if (returnCode === 0) done(null, true);
        else done(refusal(returnCode), null);
      },
      authorizeSubscribe: (client, subscription, done) => done(null, this.#maySubscribe(client, subscription)),
      authorizePublish: (client, packet, done) => this.#take(client, packet, done),
      published: (_packet, _client, done) => done(),
    });
    this.#observe(this.#aedes);
  }

  /** A connection of the TLS listener. */
  accept(connection: Connection): void {
    if (this.#aedes && !this.#aedes.closed) this.#aedes.handle(connection);
    else connection.destroy();
  }

  /** Closes every connection. */
  async stop(): Promise<void> {
    const aedes = this.#aedes;
    if (aedes) await new Promise<void>((resolve) => aedes.close(resolve));
  }

  /** The return code for a CONNECT. */
  #admit(client: Client): number {
    const request = this.#requests.get(client);
    if (!this.#deps.isServing() || !request) return serverUnavailable;
    try {
      const admission = admit(request, peerOf((client.conn as Connection).socket), this.#deps.admission);
      if (!admission.ok) {
        this.#deps.log.warn({ event: 'connect-refused', reason: admission.reason, peer: addressOf(client) });
        return notAuthorized;
      }
      const { name, certificate } = admission;
      this.#certificates.set(client, certificate);
      this.#sessions.set(
        client,
        name.kind === 'dps'
          ? { kind: 'dps', registration: new Registration(this.#deps.dps, name.registrationId, certificate) }
          : { kind: 'device', link: this.#deps.attendance.linkOf(name.deviceId, client) },
      );
      return 0;
    } catch (error) {
      this.#deps.log.error({ event: 'admission-failed', ...describe(error) });
      return serverUnavailable;
    }
  }

  #observe(aedes: Aedes): void {
    aedes.on('client', (client) => {
      const [session, certificate] = [this.#sessions.get(client), this.#certificates.get(client)];
      if (session?.kind !== 'device' || !certificate) return;
      client.conn.once('close', () => this.#deps.attendance.left(session.link));
      this.#deps.attendance.arrived(session.link, certificate);
    });
    aedes.on('ping', (_packet, client) => this.#seen(client));
    aedes.on('subscribe', () => this.#deps.links.noteChange());
    aedes.on('unsubscribe', (topics, client) => this.#forget(client, topics));
    aedes.on('clientError', (client, error) => this.#faulted(client, error));
    aedes.on('connectionError', (client, error) => this.#faulted(client, error));
    (aedes as NodeJS.EventEmitter).on('error', (error) => {
      this.#deps.log.error({ event: 'broker-failed', ...describe(error) });
    });
  }

  #maySubscribe(client: Client, subscription: Subscription): Subscription | null {
    const session = this.#sessions.get(client);
    if (!session || subscription.qos > 1) return null;
    if (session.kind === 'dps') return subscription.topic === dpsResponses ? subscription : null;
    const what = readDeviceSubscription(session.link.deviceId, subscription.topic);
    if (!what) return null;
    session.link.subscriptions.add(what);
    return subscription;
  }

  #forget(client: Client, topics: readonly string[]): void {
    const session = this.#sessions.get(client);
    if (session?.kind !== 'device') return;
    for (const topic of topics) {
      const what = readDeviceSubscription(session.link.deviceId, topic);
      if (what) session.link.subscriptions.delete(what);
    }
  }

  #take(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const session = client ? this.#sessions.get(client) : undefined;
    if (!client || !session) {
      done(new WireError('FOREIGN_TOPIC', 'nobody but an admitted client publishes'));
      return;
    }
    this.#seen(client);
    takePublish(session, packet, this.#deps.publishes).then(
      (reply) => {
        packet.retain = false;
        done(null);
        if (reply) sendTo(client, reply.topic, reply.body);
      },
      (error) => {
        if (!(error instanceof WireError)) this.#deps.log.error({ event: 'publish-failed', ...describe(error) });
        done(asError(error));
      },
    );
  }

  #seen(client: Client): void {
    const session = this.#sessions.get(client);
    if (session?.kind === 'device') this.#deps.attendance.seen(session.link);
  }

  /** Only what a connection did wrong is told; a lost network is not worth a line. */
  #faulted(client: Client, error: Error): void {
    if (!(error instanceof WireError)) return;
    const session = this.#sessions.get(client);
    const device = session?.kind === 'device' ? { device: session.link.deviceId } : {};
    this.#deps.log.warn({ event: 'connection-closed', reason: error.code, ...device, peer: addressOf(client) });
  }
}

function refusal(returnCode: number): AuthenticateError {
  const message = returnCode === serverUnavailable ? 'the hub is starting or stopping' : 'not authorized';
  return Object.assign(new Error(message), { returnCode });
}

function addressOf(client: Client): string {
  return (client.conn as Connection).socket.remoteAddress ?? 'gone';
}
