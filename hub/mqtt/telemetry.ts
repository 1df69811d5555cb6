import { GatewayError } from '../../core/errors.ts';
import type { NewEvent } from '../events/event-store.ts';
import { maxEventBytes } from './limits.ts';
import { readPropertyBag } from './property-bag.ts';

export class WireError extends GatewayError<'FOREIGN_TOPIC' | 'QOS_2' | 'MALFORMED' | 'TOO_LARGE'> {}

/** Makes an event of a telemetry message. Throws WireError, which closes the connection. */
export function readEvent(deviceId: string, bag: string, body: Uint8Array, retained: boolean): NewEvent {
  if (body.length > maxEventBytes) {
    throw new WireError('TOO_LARGE', `an event has at most ${maxEventBytes} bytes, this one ${body.length}`);
  }
  const read = readPropertyBag(bag);
  if (!read) throw new WireError('MALFORMED', 'the property bag of an event is not URL-encoded');
  const properties = retained ? { ...read.properties, 'mqtt-retain': 'true' } : read.properties;
  return { ...read, deviceId, properties, body };
}
