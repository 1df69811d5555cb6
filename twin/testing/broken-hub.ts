import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { Aedes, type Client } from 'aedes';
import type { Credential } from '../../receiver/testing/authority.ts';

export type TwinAnswer = (rid: string) => { readonly topic: string; readonly payload: string | Buffer } | undefined;

/** A hub that speaks MQTT and TLS well and everything else badly: what it answers is the test's. */
export class BrokenHub {
  readonly #broker: Aedes;
  readonly #mqtt: Server;
  readonly #https: HttpsServer;
  readonly #clients = new Set<Client>();
  twinAnswer: TwinAnswer = () => undefined;
  httpAnswer = { status: 200, body: '' };

  private constructor(broker: Aedes, mqtt: Server, https: HttpsServer) {
    this.#broker = broker;
    this.#mqtt = mqtt;
    this.#https = https;
  }

  static async start({ certPem: cert, keyPem: key }: Credential): Promise<BrokenHub> {
    const broker = await Aedes.createBroker();
    const tls = { cert, key, requestCert: true, rejectUnauthorized: false };
    const mqtt = createTls(tls, (socket) => broker.handle(socket));
    const https = createHttps(tls, (request, response) => {
      request.resume();
      response.writeHead(hub.httpAnswer.status).end(hub.httpAnswer.body);
    });
    const hub = new BrokenHub(broker, mqtt, https);
    broker.on('client', (client) => hub.#clients.add(client));
    broker.on('publish', (packet, client) => {
      if (client && packet.topic.startsWith('$iothub/twin/GET/')) hub.#answer(packet.topic, client);
      if (client && packet.topic.startsWith('$iothub/twin/PATCH/')) hub.#accept(packet.topic, client);
    });
    await Promise.all([mqtt, https].map((server) => new Promise<void>((resolve) => server.listen(0, resolve))));
    return hub;
  }

  get ports(): { readonly mqttPort: number; readonly httpsPort: number } {
    const port = (server: Server) => (server.address() as AddressInfo).port;
    return { mqttPort: port(this.#mqtt), httpsPort: port(this.#https) };
  }

  /** Publishes to every device that is connected. */
  push(topic: string, payload: string | Buffer): void {
    for (const client of this.#clients) this.#publish(client, topic, payload);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#broker.close(() => resolve()));
    this.#https.closeAllConnections();
    await Promise.all([this.#mqtt, this.#https].map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #answer(topic: string, client: Client): void {
    const answer = this.twinAnswer(topic.split('$rid=')[1] ?? '');
    if (answer) this.#publish(client, answer.topic, answer.payload);
  }

  #accept(topic: string, client: Client): void {
    this.#publish(client, `$iothub/twin/res/204/?$rid=${topic.split('$rid=')[1]}&$version=2`, '');
  }

  #publish(client: Client, topic: string, payload: string | Buffer): void {
    const packet = { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false } as const;
    client.publish(packet, () => {});
  }
}

export const soundTwin: TwinAnswer = (rid) => ({
  topic: `$iothub/twin/res/200/?$rid=${rid}`,
  payload: JSON.stringify({ desired: { $version: 1 }, reported: { $version: 1 } }),
});
