import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { LinkError } from './errors.ts';

/** Where the hub is and whom to believe there. */
export interface HubAddress {
  /** Name in the hub's certificate; also the IoT Hub host name. */
  readonly host: string;
  readonly mqttPort: number;
  readonly httpsPort: number;
  /** CA certificates (PEM). The only ones that are believed: the system's are not consulted. */
  readonly serverCaPem: string;
}

/** Who this device is: the operational certificate and its key (PEM). */
export interface DeviceIdentity {
  readonly deviceId: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/**
 * The agent under the SDK's HTTPS calls. The SDK always speaks to port 443 and has no deadline: this one connects to
 * the hub's port with the one CA and the device's certificate, and cuts a connection that is silent for `idleMs`.
 * `destroy` cuts what is in flight.
 */
export function hubAgent(hub: HubAddress, identity: DeviceIdentity, idleMs: number): Agent {
  const agent = new Agent({ keepAlive: false, maxSockets: 4 });
  agent.createConnection = (): Duplex => {
    const socket = connect({
      host: hub.host,
      port: hub.httpsPort,
      servername: hub.host,
      ca: hub.serverCaPem,
      cert: identity.certificatePem,
      key: identity.keyPem,
      minVersion: 'TLSv1.2',
    });
    socket.setTimeout(idleMs, () => socket.destroy(new LinkError('DEADLINE', `no answer within ${idleMs} ms`)));
    return socket;
  };
  return agent;
}
