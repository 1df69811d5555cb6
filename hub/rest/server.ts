import { randomUUID } from 'node:crypto';
import type { Server } from 'node:https';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { asError } from '../../core/errors.ts';
import { describe, type Log } from '../../core/log.ts';
import { HubError } from '../errors.ts';
import { faultBody, faultOf } from './faults.ts';

/** Fastify over TLS, as the routes of this room take it. */
export type HttpsApp = FastifyInstance<Server>;

/** Largest JSON body: a method call of 128 KB, or a twin of 72 KB, with its escapes. */
const maxJsonBytes = 512 * 1024;

/** A request must be complete within this time: a block of the largest size over a slow line. */
const requestTimeoutMs = 15 * 60_000;

/** A connection on which nothing moves for this long is closed; longer than any long poll. */
const idleTimeoutMs = 120_000;

export interface HttpsOptions {
  readonly certPem: string;
  readonly keyPem: string;
  readonly clientCaPem: string;
  readonly maxConnections: number;
  readonly isServing: () => boolean;
  readonly log: Log;
}

/**
 * The HTTPS server without routes. Client certificates are asked for and judged by the routes that need one. Errors are
 * answered in IoT Hub's form and never with a stack or a text of ours that was not meant for the caller.
 */
export function createHttpsApp(options: HttpsOptions): HttpsApp {
  const app = Fastify({
    https: {
      cert: options.certPem,
      key: options.keyPem,
      ca: options.clientCaPem,
      allowPartialTrustChain: true,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: 15_000,
      headersTimeout: 20_000,
      maxHeaderSize: 16 * 1024,
    },
    bodyLimit: maxJsonBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: idleTimeoutMs,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2048 },
    genReqId: () => randomUUID(),
    frameworkErrors: (error, request, reply) => sendFault(error, request, reply, options.log),
  });
  app.server.maxConnections = options.maxConnections;
  app.addHook('onRequest', async () => {
    if (!options.isServing()) throw new HubError('STARTING', 'the hub is starting or stopping');
  });
  app.setErrorHandler((error, request, reply) => sendFault(error, request, reply, options.log));
  app.setNotFoundHandler((request, reply) => {
    sendFault(new HubError('NOT_FOUND', 'there is nothing at this address'), request, reply, options.log);
  });
  return app;
}

/** Answers with an error; logs it when it is not one that callers are meant to see. */
export function sendFault(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const fault = faultOf(error);
  if (!fault.known) {
    log.error({ event: 'request-failed', request: request.id, method: request.method, ...describe(asError(error)) });
  }
  void reply.code(fault.status).type('application/json; charset=utf-8').send(faultBody(fault, request.id));
}
