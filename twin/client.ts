import type { Agent } from 'node:https';
import device, { type Client, type DeviceClientOptions } from 'azure-iot-device';
import { DefaultFileUploadApi } from 'azure-iot-device/dist/blob_upload/index.js';
import transport from 'azure-iot-device-mqtt';
import type { DeviceIdentity, HubAddress } from './agent.ts';
import { GuardedHttp, type GuardedMqtt } from './transport.ts';

interface Connection {
  readonly hub: HubAddress;
  readonly identity: DeviceIdentity;
}

/**
 * A fresh SDK client over the guarded layers, with the SDK's own retries off: they hide an outage for four minutes.
 * The gateway host name is how the SDK is brought to another port without it leaking into the user name.
 */
export function newClient({ hub, identity, base }: Connection & { readonly base: GuardedMqtt }): Client {
  const credentials = new device.X509AuthenticationProvider({
    host: hub.host,
    deviceId: identity.deviceId,
    gatewayHostName: `${hub.host}:${hub.mqttPort}`,
    x509: { cert: identity.certificatePem, key: identity.keyPem },
  });
  const files = new DefaultFileUploadApi(credentials, new GuardedHttp());
  const client = new device.Client(new transport.Mqtt(credentials, base), undefined, undefined, files);
  client.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => -1 });
  return client;
}

/** The SDK's `setOptions` replaces everything that was set before, so it always gets everything. */
export function clientOptions(
  connection: Connection & { readonly agent: Agent; readonly keepAliveSeconds: number },
): DeviceClientOptions {
  const { hub, identity, agent, keepAliveSeconds } = connection;
  return {
    ca: hub.serverCaPem,
    cert: identity.certificatePem,
    key: identity.keyPem,
    keepalive: keepAliveSeconds,
    http: { agent },
  };
}
