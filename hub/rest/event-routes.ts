import { z } from 'zod';
import type { EventStore, StoredEvent } from '../events/event-store.ts';
import { callerLeft } from './caller.ts';
import { checked } from './checked.ts';
import type { HttpsApp } from './server.ts';

const sequence = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Longest poll in seconds, below what closes an idle connection. */
const maxWaitSeconds = 50;

const pageQuery = z.object({
  after: sequence.default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  wait: z.coerce.number().min(0).max(maxWaitSeconds).default(0),
});

export interface EventRouteDeps {
  readonly events: EventStore;
  /** Ends the long polls. */
  readonly stopping: AbortSignal;
}

/**
 * The event log for its one consumer, in place of an Event Hub: pages by sequence number with a long poll, and the
 * consumer's checkpoint, below which nothing need be kept.
 */
export function addEventRoutes(app: HttpsApp, { events, stopping }: EventRouteDeps): void {
  app.get('/vestibule/events', async (request, reply) => {
    const { after, limit, wait } = checked(pageQuery, request.query);
    const signal = AbortSignal.any([callerLeft(reply), stopping]);
    const page = await events.next(after, limit, wait * 1000, signal);
    // A consumer whose checkpoint lies above the newest event sees that the log is not the one it knew.
    reply.header('x-vestibule-newest-sequence', events.newest);
    return { events: page.map(eventDocument) };
  });

  app.post('/vestibule/events/trim', async (request) => {
    const { through } = checked(z.object({ through: sequence }), request.query);
    return { trimmed: events.trim(through) };
  });
}

function eventDocument(event: StoredEvent): object {
  const { body, ...rest } = event;
  return { ...rest, body: Buffer.from(body).toString('base64') };
}
