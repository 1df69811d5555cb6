import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import type { AuditBy } from '../../protocol/audit.ts';
import type { ControlFrom, ControlRequest, ControlResponse } from '../../protocol/control.ts';
import { redeemClaim } from '../audit/claim.ts';
import { parseRequest } from './request.ts';
import { reachable } from './socket.ts';

/** Answers to the verbs, one function each; the compiler finds a missing one. */
export type ControlHandlers = {
  readonly [Verb in ControlRequest['verb']]: (request: Extract<ControlRequest, { verb: Verb }>, by: AuditBy) => unknown;
};

interface Deps {
  readonly path: string;
  readonly handlers: ControlHandlers;
  readonly log: Log;
  /** Where commands prove who runs them; without it their word is all there is. */
  readonly claims?: string;
  /** How long one conversation may take, from its first byte to its last. */
  readonly talkMs?: number;
}

const longestRequest = 16 * 1024;
const defaultTalkMs = 10_000;

/** The control socket: one JSON line in, one out, then it closes. Mode 0660, so the group of the folder may use it. */
export class ControlServer implements Service {
  readonly name = 'control';
  readonly #deps: Deps;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
  }

  async start(): Promise<void> {
    const { path } = this.#deps;
    rmSync(path, { force: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(reachable(path), resolve);
    await promise;
    chmodSync(path, 0o660);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), this.#deps.talkMs ?? defaultTalkMs);
    this.#sockets.add(socket);
    socket.on('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    socket.on('error', () => socket.destroy());
    socket.setEncoding('utf8');
    let text = '';
    const onData = (piece: string) => {
      text += piece;
      if (text.length > longestRequest) socket.destroy();
      if (socket.destroyed || !text.includes('\n')) return;
      socket.off('data', onData).resume();
      void this.#answer(text).then((response) => socket.end(`${JSON.stringify(response)}\n`));
    };
    socket.on('data', onData);
    socket.on('end', () => {
      if (!text.includes('\n')) socket.destroy();
    });
  }

  async #answer(text: string): Promise<ControlResponse> {
    try {
      const { request, from } = parseRequest(text);
      return { ok: true, result: (await this.#dispatch(request, this.#whoAsks(from))) ?? null };
    } catch (error) {
      const { code, message, hint } = describe(error);
      this.#deps.log.warn({ error: describe(error) }, 'control request failed');
      return {
        ok: false,
        error: { code: code ?? 'FAILED', message: message ?? 'the request failed', ...(hint ? { hint } : {}) },
      };
    }
  }

  #dispatch(request: ControlRequest, by: AuditBy): unknown {
    const handler = this.#deps.handlers[request.verb] as (request: ControlRequest, by: AuditBy) => unknown;
    return handler(request, by);
  }

  /** Who asks: by the kernel's word where a claim proves it, else by their own. */
  #whoAsks({ uid, behalfOf, claim }: ControlFrom): AuditBy {
    const { claims } = this.#deps;
    const proven = claims !== undefined && claim !== undefined ? redeemClaim(claims, claim) : undefined;
    return {
      actor: 'person',
      ...(proven === undefined ? {} : { uid: proven, uidFrom: 'owner' }),
      ...(proven === undefined && uid !== undefined ? { uid, uidFrom: 'claimed' } : {}),
      ...(behalfOf === undefined ? {} : { behalfOf }),
    };
  }
}
