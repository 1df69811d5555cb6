import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { GatewayError } from '../../core/errors.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import type { ControlRequest, ControlResponse } from '../../protocol/control.ts';
import { reachable } from './socket.ts';

export class ControlServerError extends GatewayError<'UNKNOWN_VERB' | 'BAD_REQUEST'> {}

/** Answers to the verbs, one function each; the compiler finds a missing one. */
export type ControlHandlers = {
  readonly [Verb in ControlRequest['verb']]: (request: Extract<ControlRequest, { verb: Verb }>) => unknown;
};

const longestRequest = 16 * 1024;
const idleMs = 10_000;

/** The control socket: one JSON line in, one out, then it closes. Mode 0660, so the group of the folder may use it. */
export class ControlServer implements Service {
  readonly name = 'control';
  readonly #path: string;
  readonly #handlers: ControlHandlers;
  readonly #log: Log;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(deps: { readonly path: string; readonly handlers: ControlHandlers; readonly log: Log }) {
    this.#path = deps.path;
    this.#handlers = deps.handlers;
    this.#log = deps.log;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
  }

  async start(): Promise<void> {
    rmSync(this.#path, { force: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(reachable(this.#path), resolve);
    await promise;
    chmodSync(this.#path, 0o660);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.setEncoding('utf8');
    let text = '';
    let answered = false;
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > longestRequest) socket.destroy();
      if (answered || !text.includes('\n')) return;
      answered = true;
      void this.#answer(text).then((response) => socket.end(`${JSON.stringify(response)}\n`));
    });
  }

  async #answer(text: string): Promise<ControlResponse> {
    try {
      return { ok: true, result: (await this.#dispatch(parse(text))) ?? null };
    } catch (error) {
      const { code, message, hint } = describe(error);
      this.#log.warn({ error: describe(error) }, 'control request failed');
      return {
        ok: false,
        error: { code: code ?? 'FAILED', message: message ?? 'the request failed', ...(hint ? { hint } : {}) },
      };
    }
  }

  #dispatch(request: ControlRequest): unknown {
    const known = Object.hasOwn(this.#handlers, request.verb);
    const handler = known ? (this.#handlers[request.verb] as (request: ControlRequest) => unknown) : undefined;
    if (!handler) throw new ControlServerError('UNKNOWN_VERB', 'the daemon does not know this verb');
    return handler(request);
  }
}

function parse(text: string): ControlRequest {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === 'object' && found !== null && 'verb' in found) return found as ControlRequest;
  } catch {
    // Falls through to the one refusal of anything that is not a request.
  }
  throw new ControlServerError('BAD_REQUEST', 'expected one JSON line with a verb');
}
