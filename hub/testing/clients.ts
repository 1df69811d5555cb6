import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { AnonymousCredential, BlockBlobClient, newPipeline, type StoragePipelineOptions } from '@azure/storage-blob';
import common from 'azure-iot-common';
import azureDevice, { type Client as DeviceClient } from 'azure-iot-device';
import azureMqtt from 'azure-iot-device-mqtt';
import mqttBase from 'azure-iot-mqtt-base';
import azureProvisioning from 'azure-iot-provisioning-device';
import azureProvisioningMqtt from 'azure-iot-provisioning-device-mqtt';
import azureX509 from 'azure-iot-security-x509';
import type { Credential } from './certificates.ts';
import type { World } from './world.ts';

const closing = new WeakSet<DeviceClient>();

/** Closes a device client; left to itself, it goes on trying to enable its features for minutes. */
export async function closeClient(client: DeviceClient): Promise<void> {
  closing.add(client);
  await client.close();
}

/** Microsoft's device client, unmodified, pointed at the hub's ports. */
export async function deviceClient(world: World, deviceId: string, credential: Credential): Promise<DeviceClient> {
  const x509 = { cert: credential.certPem, key: credential.keyPem };
  const provider = new azureDevice.X509AuthenticationProvider({
    host: world.settings.hostName,
    deviceId,
    gatewayHostName: `localhost:${world.ports.mqttPort}`,
    x509,
  });
  const client = azureDevice.Client.fromAuthenticationProvider(provider, azureMqtt.Mqtt);
  const ca = world.authority.certPem;
  await client.setOptions({ ...x509, ca, keepalive: 30, http: { agent: agentTo(world, credential) } } as never);
  const patient = new common.ExponentialBackOffWithJitter();
  client.setRetryPolicy({
    shouldRetry: (error) => !closing.has(client) && patient.shouldRetry(error),
    nextRetryTimeout: (count, isThrottled) => patient.nextRetryTimeout(count, isThrottled),
  });
  client.on('error', () => {});
  client.on('disconnect', () => {});
  return client;
}

/** Microsoft's provisioning client, unmodified: registers and resolves with the registration state. */
export async function register(
  world: World,
  registrationId: string,
  credential: Credential,
  idScope = world.settings.idScope,
): Promise<Record<string, unknown>> {
  const base = new mqttBase.MqttBase();
  base.setOptions({ ca: world.authority.certPem, keepalive: 30 });
  const transport = new azureProvisioningMqtt.Mqtt(base);
  transport.on('error', () => {});
  const security = new azureX509.X509Security(registrationId, { cert: credential.certPem, key: credential.keyPem });
  const host = `localhost:${world.ports.mqttPort}`;
  const client = azureProvisioning.ProvisioningDeviceClient.create(host, idScope, transport, security);
  return (await client.register()) as unknown as Record<string, unknown>;
}

/** An agent that takes every host to be the hub's HTTPS port. */
export function agentTo(world: World, credential?: Credential): https.Agent {
  const agent = new https.Agent({ keepAlive: false, ca: world.authority.certPem });
  const create = agent.createConnection.bind(agent);
  const own = credential ? { cert: credential.certPem, key: credential.keyPem } : {};
  agent.createConnection = (options, callback) =>
    create(
      {
        ...options,
        ...own,
        host: '127.0.0.1',
        servername: world.settings.hostName,
        port: world.ports.httpsPort,
      } as never,
      callback,
    );
  return agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly bytes: Buffer;
  readonly text: string;
}

/** One raw HTTPS request to the hub. */
export async function call(
  world: World,
  method: string,
  path: string,
  options: {
    readonly headers?: Record<string, string>;
    readonly body?: string | Uint8Array;
    readonly credential?: Credential;
  } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = https.request(
    {
      method,
      path,
      host: world.settings.hostName,
      agent: agentTo(world, options.credential),
      headers: { ...(options.body ? { 'content-length': Buffer.byteLength(options.body) } : {}), ...options.headers },
    },
    async (response: IncomingMessage) => {
      const pieces: Buffer[] = [];
      for await (const piece of response) pieces.push(piece as Buffer);
      const bytes = Buffer.concat(pieces);
      const { statusCode = 0, headers } = response;
      resolve({ status: statusCode, headers, bytes, text: bytes.toString('utf8') });
    },
  );
  request.on('error', reject);
  request.end(options.body);
  return promise;
}

/** The `Authorization` header of the policy `service`. */
export function serviceToken(
  world: World,
  options: {
    readonly expiresInSeconds?: number;
    readonly resource?: string;
    readonly key?: string;
    readonly policy?: string;
  } = {},
): string {
  const expiry = Math.floor(Date.now() / 1000) + (options.expiresInSeconds ?? 600);
  return common.SharedAccessSignature.create(
    options.resource ?? world.settings.hostName,
    options.policy ?? 'service',
    options.key ?? world.settings.serviceKey,
    expiry,
  ).toString();
}

/** One call of the service REST API; the answer's JSON. */
export async function service(
  world: World,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: unknown }> {
  const answer = await call(world, method, path, {
    headers: {
      authorization: serviceToken(world),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: answer.text === '' ? undefined : JSON.parse(answer.text) };
}

/** Microsoft's blob client for a full URL with its token. */
export function blobClient(world: World, url: string): BlockBlobClient {
  const pipeline = newPipeline(new AnonymousCredential(), {
    tlsOptions: { ca: world.authority.certPem },
    retryOptions: { maxTries: 1 },
  } as StoragePipelineOptions);
  return new BlockBlobClient(url, pipeline);
}

/** Waits until `condition` holds; fails after `withinMs`. */
export async function eventually<T>(condition: () => T | Promise<T>, withinMs = 30_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
    if (performance.now() > deadline) throw new Error(`not so within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
