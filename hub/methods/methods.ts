import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../errors.ts';
import type { DeviceLinks } from '../mqtt/device-links.ts';
import { hubTopics } from '../mqtt/topics.ts';
import type { Json } from '../twins/json.ts';

/** Largest payload of a call and of its answer, bytes of JSON. */
export const maxMethodBytes = 128 * 1024;

export interface MethodCall {
  readonly name: string;
  readonly payload: Json;
  /** How long to wait for the device to be there, and then for its answer. */
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
}

export interface MethodResult {
  readonly status: number;
  readonly payload: Json;
}

interface PendingCall {
  readonly deviceId: string;
  readonly answered: PromiseWithResolvers<MethodResult>;
}

/** Direct methods: calls to a connected device that wait for its answer. Nothing of a call outlives the caller. */
export class Methods {
  readonly #links: DeviceLinks;
  readonly #clock: Clock;
  readonly #pending = new Map<string, PendingCall>();

  constructor(deps: { readonly links: DeviceLinks; readonly clock: Clock }) {
    this.#links = deps.links;
    this.#clock = deps.clock;
  }

  /** Rejects with DEVICE_NOT_ONLINE, DEVICE_TIMEOUT or BAD_DEVICE_RESPONSE. */
  async invoke(deviceId: string, call: MethodCall, signal: AbortSignal): Promise<MethodResult> {
    const link = await this.#links.ready(deviceId, 'methods', call.connectTimeoutMs, signal);
    if (!link) {
      throw new HubError('DEVICE_NOT_ONLINE', 'the device is not connected, or takes no direct methods', {
        hint: 'Call again once the device is online, or give a connect timeout.',
      });
    }
    const rid = randomBytes(8).toString('hex');
    const answered = Promise.withResolvers<MethodResult>();
    this.#pending.set(rid, { deviceId, answered });
    const over = new AbortController();
    try {
      this.#links.send(link, hubTopics.method(call.name, rid), JSON.stringify(call.payload));
      const late = this.#late(call.responseTimeoutMs, AbortSignal.any([signal, over.signal]));
      return await Promise.race([answered.promise, late]);
    } finally {
      over.abort();
      this.#pending.delete(rid);
    }
  }

  /** A device's answer. One that nobody waits for, or of another device, is dropped. */
  answer(deviceId: string, rid: string, status: number, body: Uint8Array): void {
    const call = this.#pending.get(rid);
    if (call?.deviceId !== deviceId) return;
    const payload = readPayload(body);
    if (payload === undefined) {
      call.answered.reject(
        new HubError('BAD_DEVICE_RESPONSE', 'the device answered with what is not JSON, or too large'),
      );
    } else {
      call.answered.resolve({ status, payload });
    }
  }

  async #late(ms: number, signal: AbortSignal): Promise<never> {
    await this.#clock.sleep(ms, signal).catch(() => {});
    throw new HubError('DEVICE_TIMEOUT', 'the device did not answer in time');
  }
}

/** An empty answer is null: the device's application gave no payload. */
function readPayload(body: Uint8Array): Json | undefined {
  if (body.length > maxMethodBytes) return undefined;
  if (body.length === 0) return null;
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as Json;
  } catch {
    return undefined;
  }
}
