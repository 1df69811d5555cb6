import type { FastifyReply } from 'fastify';

/** Aborts when the caller goes away before the answer: nobody is left to wait for it. */
export function callerLeft(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once('close', () => left.abort());
  return left.signal;
}
