import { batchEventKind, maxManifestBytes } from '../../protocol/batch.ts';
import type { Acceptance, AcceptedEvent, Rejection } from '../catalogue/catalogue.ts';
import type { DeviceEvent, EventPage } from '../channel/channel.ts';
import { EventRejected } from '../errors.ts';

const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** What of a page is taken over, and what is passed over at a glance. Undefined when the page is empty. */
export function screenPage(page: EventPage): Acceptance | undefined {
  const sequences = [...page.events.map((event) => event.sequence), ...page.unreadable];
  if (sequences.length === 0) return undefined;
  const judged = page.events.map(screen);
  return {
    through: Math.max(...sequences),
    events: judged.filter((each) => 'enqueuedAt' in each),
    rejections: [...judged.filter((each) => 'code' in each), ...page.unreadable.map(unreadable)],
  };
}

function screen(event: DeviceEvent): AcceptedEvent | Rejection {
  const { deviceId, enqueuedAt, body } = event;
  if (event.properties.kind !== batchEventKind) {
    return reject(event, new EventRejected('UNKNOWN_KIND', 'the event is of no kind that this receiver knows'));
  }
  if (body.length > maxManifestBytes) {
    const found = `the event has ${body.length} bytes, at most ${maxManifestBytes} are read`;
    return reject(event, new EventRejected('EVENT_TOO_LARGE', found));
  }
  const text = body.toString('latin1');
  if (compactJws.test(text)) return { deviceId, enqueuedAt, body: text };
  return reject(event, new EventRejected('SIGNATURE_MALFORMED', 'the event is not a compact JWS'));
}

function reject(event: DeviceEvent, { code, message }: EventRejected): Rejection {
  const { sequence, deviceId, messageId, body } = event;
  return { sequence, deviceId, code, message, bytes: body.length, ...(messageId === undefined ? {} : { messageId }) };
}

function unreadable(sequence: number): Rejection {
  return { sequence, code: 'EVENT_UNREADABLE', message: 'the hub sent an event that cannot be read', bytes: 0 };
}
