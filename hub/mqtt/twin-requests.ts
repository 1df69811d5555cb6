import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import type { Registry } from '../registry/registry.ts';
import { deviceTwinDocument } from '../twins/documents.ts';
import type { Json } from '../twins/json.ts';
import { TwinError } from '../twins/limits.ts';
import type { TwinStore } from '../twins/twin-store.ts';
import { hubTopics } from './topics.ts';

/** A message to be sent back on the connection that asked. */
export interface Reply {
  readonly topic: string;
  readonly body: string;
}

/** Answers the twin requests of devices. A refused patch is answered with the error body of IoT Hub, not by closing. */
export class TwinRequests {
  readonly #registry: Registry;
  readonly #twins: TwinStore;
  readonly #clock: Clock;

  constructor(deps: { readonly registry: Registry; readonly twins: TwinStore; readonly clock: Clock }) {
    this.#registry = deps.registry;
    this.#twins = deps.twins;
    this.#clock = deps.clock;
  }

  get(deviceId: string, rid: string): Reply {
    const device = this.#registry.device(deviceId);
    if (!device) return this.#refusal(404, 404_001, 'the device is not registered', rid);
    const twin = this.#twins.of(device);
    return { topic: hubTopics.twinResponse(200, rid), body: JSON.stringify(deviceTwinDocument(twin)) };
  }

  report(deviceId: string, rid: string, body: Uint8Array): Reply {
    const device = this.#registry.device(deviceId);
    if (!device) return this.#refusal(404, 404_001, 'the device is not registered', rid);
    try {
      const twin = this.#twins.report(device, parse(body));
      return { topic: hubTopics.twinResponse(204, rid, twin.reported.version), body: '' };
    } catch (error) {
      if (!(error instanceof TwinError)) throw error;
      if (codeOf(error) === 'TOO_LARGE') return this.#refusal(413, 413_001, error.message, rid);
      return this.#refusal(400, 400_004, error.message, rid);
    }
  }

  #refusal(status: number, errorCode: number, message: string, rid: string): Reply {
    const timestampUtc = this.#clock.now().toISOString();
    const body = { errorCode, trackingId: randomUUID(), message, timestampUtc };
    return { topic: hubTopics.twinResponse(status, rid), body: JSON.stringify(body) };
  }
}

function parse(body: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Json;
  } catch (cause) {
    throw new TwinError('NOT_AN_OBJECT', 'reported properties are not JSON in UTF-8', { cause });
  }
}
