import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { deviceIdSchema } from '../../protocol/ids.ts';
import { ReceiverError } from '../errors.ts';
import type { DeviceChannel, DeviceEvent, EventPage, MethodResult } from './channel.ts';
import type { HttpAnswer, HttpsClient } from './http.ts';
import { serviceToken } from './service-token.ts';

export interface EmbeddedHubDeps {
  readonly clock: Clock;
  readonly http: HttpsClient;
  readonly host: string;
  readonly serviceKey: string;
  readonly callMs: number;
  readonly methodSeconds: number;
}

const apiVersion = 'api-version=2021-04-12';
const maxPageBytes = 32 * 2 ** 20;
const maxAnswerBytes = 2 ** 20;

const sequenceSchema = z.looseObject({ sequence: z.int().positive() });
const eventSchema = sequenceSchema.extend({
  deviceId: deviceIdSchema,
  messageId: z.string().max(200).nullish(),
  contentType: z.string().max(200).nullish(),
  properties: z.record(z.string(), z.string()).default({}),
  enqueuedAt: z.iso.datetime(),
  body: z.base64(),
});
const pageSchema = z.object({ events: z.array(sequenceSchema) });
const resultSchema = z.object({ status: z.int(), payload: z.unknown() });

/** The embedded hub as a channel: its event log, and IoT Hub's REST call for direct methods. */
export class EmbeddedHubChannel implements DeviceChannel {
  readonly #deps: EmbeddedHubDeps;

  constructor(deps: EmbeddedHubDeps) {
    this.#deps = deps;
  }

  async events(
    query: { readonly after: number; readonly limit: number; readonly waitSeconds: number },
    signal: AbortSignal,
  ): Promise<EventPage> {
    const path = `/vestibule/events?after=${query.after}&limit=${query.limit}&wait=${query.waitSeconds}`;
    const idleMs = this.#deps.callMs + query.waitSeconds * 1000;
    const answer = await this.#call({ method: 'GET', path, idleMs }, maxPageBytes, signal);
    const { events } = parsed(pageSchema, answer);
    const newest = Number.parseInt(String(answer.headers['x-vestibule-newest-sequence']), 10);
    const readable = events.map(readEvent).filter((event) => event !== undefined);
    const known = new Set(readable.map((event) => event.sequence));
    const unreadable = events.map(({ sequence }) => sequence).filter((sequence) => !known.has(sequence));
    return { events: readable, unreadable, newest: Number.isSafeInteger(newest) ? newest : undefined };
  }

  async trim(through: number, signal: AbortSignal): Promise<void> {
    const path = `/vestibule/events/trim?through=${through}`;
    const answer = await this.#call({ method: 'POST', path, idleMs: this.#deps.callMs }, maxAnswerBytes, signal);
    if (answer.status >= 300) throw unexpected(answer);
  }

  async invoke(
    deviceId: string,
    { method, payload }: { readonly method: string; readonly payload: unknown },
    signal: AbortSignal,
  ): Promise<MethodResult> {
    const { callMs, methodSeconds } = this.#deps;
    const timeouts = { responseTimeoutInSeconds: methodSeconds, connectTimeoutInSeconds: 0 };
    const body = JSON.stringify({ methodName: method, payload, ...timeouts });
    const path = `/twins/${encodeURIComponent(deviceId)}/methods?${apiVersion}`;
    const idleMs = callMs + methodSeconds * 1000;
    const answer = await this.#call({ method: 'POST', path, body, idleMs }, maxAnswerBytes, signal);
    if (answer.status === 404) throw new ReceiverError('DEVICE_OFFLINE', 'the device is not connected');
    if (answer.status === 504) throw new ReceiverError('DEVICE_TIMEOUT', 'the device did not answer in time');
    return parsed(resultSchema, answer);
  }

  async #call(
    call: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string; readonly idleMs: number },
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { clock, host, http, serviceKey } = this.#deps;
    const headers = { authorization: serviceToken(host, serviceKey, clock.now()) };
    return http.call({ ...call, headers, signal }, maxBytes);
  }
}

function parsed<T>(schema: z.ZodType<T>, answer: HttpAnswer): T {
  if (answer.status >= 300) throw unexpected(answer);
  try {
    return schema.parse(JSON.parse(answer.body.toString('utf8')));
  } catch (cause) {
    throw new ReceiverError('HUB_PROTOCOL', "the hub's answer cannot be read", { cause });
  }
}

/** Undefined for what is not an event: one that nobody can read must not keep the others back. */
function readEvent(value: unknown): DeviceEvent | undefined {
  const result = eventSchema.safeParse(value);
  if (!result.success) return undefined;
  const { sequence, deviceId, properties, enqueuedAt, messageId, contentType, body } = result.data;
  return {
    ...{ sequence, deviceId, properties, enqueuedAt, body: Buffer.from(body, 'base64') },
    ...(messageId ? { messageId } : {}),
    ...(contentType ? { contentType } : {}),
  };
}

function unexpected(answer: HttpAnswer): ReceiverError {
  return new ReceiverError('HUB_PROTOCOL', `the hub answered ${answer.status}`);
}
