import type { EventEmitter } from 'node:events';
import type { MqttBase } from 'azure-iot-mqtt-base';
import type { RegistrationResult } from 'azure-iot-provisioning-device';
import type { DeviceCredential } from './identity.ts';
import { requireAuthority } from './tls-fault.ts';

/** One registration with the SDK, over a connection of its own. */
export interface Registration {
  /** Starts it. Rejects with whatever the SDK gives. */
  readonly register: () => Promise<RegistrationResult>;
  /** Ends the connection at once, whatever state it is in, and for good. Safe at any time, and needed after each. */
  readonly cut: () => void;
}

/** The SDK's MQTT transport takes no CA; the layer below does, so that one is made here and handed in. */
export async function newRegistration(
  service: { readonly endpoint: string; readonly idScope: string },
  { deviceId, certificatePem, keyPem, caPem }: DeviceCredential,
): Promise<Registration> {
  requireAuthority(caPem);
  // Loaded when used: an appliance registers once in its life.
  const [{ default: provisioning }, { default: mqtt }, { default: security }, { default: base }] = await Promise.all([
    import('azure-iot-provisioning-device'),
    import('azure-iot-provisioning-device-mqtt'),
    import('azure-iot-security-x509'),
    import('azure-iot-mqtt-base'),
  ]);
  const connection = new base.MqttBase();
  connection.setOptions({ ca: caPem, keepalive: 30 });
  dropMalformed(connection);
  const transport = new mqtt.Mqtt(connection);
  // An error with nobody waiting for it is emitted, and would end the process; the caller's deadline covers it.
  transport.on('error', () => {});
  const certificate = new security.X509Security(deviceId, { cert: certificatePem, key: keyPem });
  const { ProvisioningDeviceClient } = provisioning;
  const client = ProvisioningDeviceClient.create(service.endpoint, service.idScope, transport, certificate);
  return {
    register: async () => (await client.register()) as RegistrationResult,
    cut: () => cut(connection),
  };
}

/**
 * The SDK's own ways wait for a handshake that may never end, and cannot stop a registration that is between two
 * questions: it would connect again to ask the next one.
 */
function cut(connection: MqttBase): void {
  connection.connect = (_config, done) => done(new Error('the registration was given up'));
  (connection as unknown as WithClient)._mqttClient?.end(true);
}

/** Private to the SDK's base layer, and the only handle that can break off a connection. */
interface WithClient {
  readonly _mqttClient?: { end(force: boolean): void };
}

/** The transport parses answers inside an event handler, where one that is not JSON would end the process. */
function dropMalformed(connection: EventEmitter): void {
  const emit = connection.emit.bind(connection);
  connection.emit = (event: string | symbol, ...values: unknown[]) =>
    event === 'message' && !isJson(String(values[1])) ? false : emit(event, ...values);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
