import type { EventEmitter } from 'node:events';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import { backoff, type Delay, retry, withDeadline } from '../core/retry.ts';
import type { Assignment } from './enrolment-state.ts';
import { CertsError, isPassing } from './errors.ts';
import type { DeviceCredential } from './identity.ts';
import { requireAuthority, tlsFault } from './tls-fault.ts';

export interface DpsClientDeps {
  readonly host: string;
  readonly port: number;
  readonly idScope: string;
  readonly clock: Clock;
  readonly onRetry?: (error: unknown, attempt: number, waitMs: number) => void;
  /** Default: 2 s doubling to 5 min, with jitter. */
  readonly delay?: Delay;
  /** For one whole registration; the SDK has none, and asks for ever while the server says *assigning*. Default 120 000. */
  readonly deadlineMs?: number;
}

/**
 * Registers the device with Azure's Device Provisioning Service, or what speaks like it, over MQTT with its
 * operational certificate. Trouble that passes is tried again until `signal` aborts.
 */
export class DpsClient {
  readonly #deps: DpsClientDeps;

  constructor(deps: DpsClientDeps) {
    this.#deps = deps;
  }

  async register(credential: DeviceCredential, signal?: AbortSignal): Promise<Assignment> {
    const { clock, onRetry, delay = backoff(2_000, 300_000) } = this.#deps;
    return retry(() => this.#registerOnce(credential, signal), {
      delay,
      clock,
      retryable: isPassing,
      ...(signal ? { signal } : {}),
      ...(onRetry ? { onRetry } : {}),
    });
  }

  async #registerOnce(credential: DeviceCredential, signal: AbortSignal | undefined): Promise<Assignment> {
    const { host, port, idScope, deadlineMs = 120_000 } = this.#deps;
    const { registration, cut } = await newRegistration({ endpoint: `${host}:${port}`, idScope }, credential);
    signal?.addEventListener('abort', cut, { once: true });
    try {
      const work = registration.register();
      if (!work) throw new TypeError('the SDK returned no promise');
      const { assignedHub, deviceId } = await withDeadline(work, deadlineMs, 'the registration');
      return checked({ assignedHub, deviceId }, credential);
    } catch (error) {
      signal?.throwIfAborted();
      throw registrationFault(error, `${host}:${port}`);
    } finally {
      signal?.removeEventListener('abort', cut);
      cut();
    }
  }
}

/**
 * One registration over a connection of its own. The SDK's MQTT transport takes no CA; the layer below does. `cut`
 * ends the connection at once, whatever state it is in: the SDK's own ways wait for a handshake that may never end.
 */
async function newRegistration(service: { endpoint: string; idScope: string }, credential: DeviceCredential) {
  const [{ default: provisioning }, { default: mqtt }, { default: security }, { default: base }] = await Promise.all([
    import('azure-iot-provisioning-device'),
    import('azure-iot-provisioning-device-mqtt'),
    import('azure-iot-security-x509'),
    import('azure-iot-mqtt-base'),
  ]);
  const { deviceId, certificatePem, keyPem, caPem } = credential;
  requireAuthority(caPem);
  const connection = new base.MqttBase();
  connection.setOptions({ ca: caPem, keepalive: 30 });
  dropMalformed(connection);
  const transport = new mqtt.Mqtt(connection);
  // An error with nobody waiting for it is emitted, and would end the process; the deadline covers it.
  transport.on('error', () => {});
  const certificate = new security.X509Security(deviceId, { cert: certificatePem, key: keyPem });
  const { ProvisioningDeviceClient } = provisioning;
  const registration = ProvisioningDeviceClient.create(service.endpoint, service.idScope, transport, certificate);
  const cut = () => (connection as unknown as WithClient)._mqttClient?.end(true);
  return { registration, cut };
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

/** Private to the SDK's base layer, and the only handle that can break off a connection. */
interface WithClient {
  readonly _mqttClient?: { end(force: boolean): void };
}

function checked({ assignedHub, deviceId }: Assignment, credential: DeviceCredential): Assignment {
  if (deviceId !== credential.deviceId) {
    throw new CertsError('REGISTRATION_REFUSED', `expected DPS to register ${credential.deviceId} under its own id`);
  }
  if (typeof assignedHub === 'string' && /^[a-z0-9.-]{1,253}$/i.test(assignedHub)) return { assignedHub, deviceId };
  throw new CertsError('REGISTRATION_REFUSED', 'expected DPS to assign a hub by its host name');
}

/**
 * The SDK's error classes differ between its copies of one package, so names and codes are compared. CONNACK 3 is a
 * busy server, 2, 4 and 5 a refusal (MQTT 3.1.1, 3.2.2.3); mqtt.js puts the number in `code`.
 */
function registrationFault(error: unknown, server: string): CertsError {
  if (error instanceof CertsError) return error;
  const name = error instanceof Error ? error.name : '';
  const connack = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (connack === 3 || name === 'ServiceUnavailableError' || name === 'InternalServerError') {
    return new CertsError('SERVER_FAILED', `DPS at ${server} is not ready`, error);
  }
  if (typeof connack === 'number' || refusals.has(name)) {
    return new CertsError('REGISTRATION_REFUSED', `DPS at ${server} refused the device`, error);
  }
  if (codeOf(error) === undefined && name === 'TimeoutError') {
    return new CertsError('UNREACHABLE', `DPS at ${server} did not answer in time`, error);
  }
  return tlsFault(error, server);
}

const refusals = new Set([
  'UnauthorizedError',
  'DeviceNotFoundError',
  'DeviceRegistrationFailedError',
  'ArgumentError',
  'FormatError',
  'SyntaxError',
]);
