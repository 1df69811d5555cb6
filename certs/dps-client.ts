import type { Clock } from '../core/clock.ts';
import { backoff, type Delay, retry, withDeadline } from '../core/retry.ts';
import type { Assignment } from './enrolment-state.ts';
import { CertsError, isPassing } from './errors.ts';
import type { DeviceCredential } from './identity.ts';
import { newRegistration } from './registration.ts';
import { tlsFault } from './tls-fault.ts';

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
    return retry((attempt) => this.#registerOnce(credential, attempt, signal), {
      delay,
      clock,
      retryable: isPassing,
      ...(signal ? { signal } : {}),
      ...(onRetry ? { onRetry } : {}),
    });
  }

  async #registerOnce(credential: DeviceCredential, attempt: number, signal?: AbortSignal): Promise<Assignment> {
    const { host, port, idScope, deadlineMs = 120_000 } = this.#deps;
    const { register, cut } = await newRegistration({ endpoint: `${host}:${port}`, idScope }, credential);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal?.reason);
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', onAbort, { once: true });
      const work = Promise.race([register(), aborted]);
      const { assignedHub, deviceId } = await withDeadline(work, deadlineMs, 'the registration');
      return checked({ assignedHub, deviceId }, credential);
    } catch (error) {
      signal?.throwIfAborted();
      throw registrationFault(error, `${host}:${port}`, attempt);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      cut();
    }
  }
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
 * busy server, 2, 4 and 5 a refusal (MQTT 3.1.1, 3.2.2.3); mqtt.js puts the number in `code`. An answer that says no
 * carries `transportObject`.
 */
function registrationFault(error: unknown, server: string, attempt: number): CertsError {
  if (error instanceof CertsError) return error;
  const { name, code, answered } = traits(error);
  // A DPS that was started anew between two questions does not know the operation any more; asking afresh helps.
  const forgotten = name === 'DeviceNotFoundError' && attempt === 1;
  if (code === 3 || passing.has(name) || forgotten) {
    return new CertsError('SERVER_FAILED', `DPS at ${server} is not ready`, error);
  }
  if (typeof code === 'number' || answered || refusals.has(name)) {
    return new CertsError('REGISTRATION_REFUSED', `DPS at ${server} refused the device`, error);
  }
  return tlsFault(error, server);
}

function traits(error: unknown): { name: string; code: unknown; answered: boolean } {
  if (!(error instanceof Error)) return { name: '', code: undefined, answered: false };
  return { name: error.name, code: 'code' in error ? error.code : undefined, answered: 'transportObject' in error };
}

const passing = new Set(['ServiceUnavailableError', 'InternalServerError', 'IotHubQuotaExceededError']);
/** `SyntaxError` is how the SDK reports a status that it does not know, `disabled` among them. */
const refusals = new Set(['ProvisioningRegistrationFailedError', 'UnauthorizedError', 'SyntaxError']);
