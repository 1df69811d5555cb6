import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Http } from 'azure-iot-http-base';
import { MqttBase } from 'azure-iot-mqtt-base';
import { asError } from '../core/errors.ts';
import { LinkError } from './errors.ts';

type Done = (error?: Error, result?: unknown) => void;
type HttpRequest = Parameters<Http['buildRequest']>;
type HttpDone = (error: Error | null, body?: string, response?: IncomingMessage) => void;

/**
 * The SDK's MQTT layer with three gaps closed: it parses what the hub sends inside an event handler, so that one
 * malformed message would end the process; it hides why a first connection failed; and its `close` waits for ever on
 * a half-open link while the socket stays.
 */
export class GuardedMqtt extends MqttBase {
  readonly #onFault: (error: LinkError) => void;
  readonly #maxInboundBytes: number;
  #connectError: Error | undefined;

  constructor(maxInboundBytes: number, onFault: (error: LinkError) => void) {
    super();
    this.#maxInboundBytes = maxInboundBytes;
    this.#onFault = onFault;
  }

  /** Why the last connection attempt failed, with the code of the socket, of TLS or of the CONNACK. */
  get connectError(): Error | undefined {
    return this.#connectError;
  }

  override connect(config: Parameters<MqttBase['connect']>[0], done: Done): void {
    super.connect(config, (error, result) => {
      this.#connectError = error ?? undefined;
      done(error, result);
    });
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'message') return super.emit(event, ...values);
    const [, payload] = values;
    if (payload instanceof Uint8Array && payload.length > this.#maxInboundBytes) {
      this.#onFault(new LinkError('PROTOCOL', `the hub sent ${payload.length} bytes in one message`));
      return true;
    }
    try {
      return super.emit(event, ...values);
    } catch (cause) {
      this.#onFault(new LinkError('PROTOCOL', 'the hub sent a message that could not be read', { cause }));
      return true;
    }
  }

  /** Cuts the socket at once. The private field is the SDK's; there is no public way to it. */
  destroy(): void {
    const { _mqttClient: client } = this as unknown as { readonly _mqttClient?: { readonly stream?: Socket } };
    client?.stream?.destroy();
  }
}

/** The SDK's HTTP layer with two gaps closed: an unreadable answer would end the process, and the status is lost. */
export class GuardedHttp extends Http {
  override buildRequest(...request: HttpRequest): ReturnType<Http['buildRequest']> {
    const [method, path, headers, host, options, done] = request;
    const callback = (done ?? options) as HttpDone;
    const guarded: HttpDone = (error, body, response) => {
      const failure = error === null ? null : withStatus(error, response);
      try {
        callback(failure, body, response);
      } catch (cause) {
        callback(withStatus(asError(cause), response), body, response);
      }
    };
    return super.buildRequest(method, path, headers, host, done ? options : guarded, done ? guarded : undefined);
  }
}

/** The HTTP status that an error of `GuardedHttp` carries; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'httpStatus' in error ? Number(error.httpStatus) : undefined;
}

function withStatus(error: Error, response: IncomingMessage | undefined): Error {
  return response?.statusCode === undefined ? error : Object.assign(error, { httpStatus: response.statusCode });
}
