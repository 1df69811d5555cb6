import type { PublishPacket } from 'aedes';
import type { Registration } from '../dps/registration.ts';
import type { EventStore } from '../events/event-store.ts';
import type { Methods } from '../methods/methods.ts';
import type { DeviceLink } from './device-links.ts';
import { readEvent, WireError } from './telemetry.ts';
import { readDevicePublish, readDpsPublish } from './topics.ts';
import type { Reply, TwinRequests } from './twin-requests.ts';

/** Who an admitted connection is. */
export type Session =
  | { readonly kind: 'device'; readonly link: DeviceLink }
  | { readonly kind: 'dps'; readonly registration: Registration };

export interface PublishDeps {
  readonly events: EventStore;
  readonly methods: Methods;
  readonly twinRequests: TwinRequests;
}

/**
 * Carries out what an admitted client publishes; resolves with the answer to send back, if there is one, once the
 * publish may be acknowledged. Rejects with WireError for what the wire forbids, with anything else when it could not
 * be stored: either way there is no acknowledgement and the connection closes.
 */
export async function takePublish(
  session: Session,
  packet: PublishPacket,
  deps: PublishDeps,
): Promise<Reply | undefined> {
  if (packet.qos === 2) throw new WireError('QOS_2', 'QoS 2 is not supported');
  const body = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
  if (session.kind === 'dps') return takeRegistration(session.registration, packet.topic, body);
  return takeDevicePublish(session.link.deviceId, packet, body, deps);
}

async function takeDevicePublish(
  deviceId: string,
  { topic, retain }: PublishPacket,
  body: Uint8Array,
  deps: PublishDeps,
): Promise<Reply | undefined> {
  const request = readDevicePublish(deviceId, topic);
  switch (request?.kind) {
    case 'event':
      await deps.events.append(readEvent(deviceId, request.bag, body, retain));
      return undefined;
    case 'twin-get':
      return deps.twinRequests.get(deviceId, request.rid);
    case 'twin-report':
      return deps.twinRequests.report(deviceId, request.rid, body);
    case 'method-response':
      deps.methods.answer(deviceId, request.rid, request.status, body);
      return undefined;
    case undefined:
      throw new WireError('FOREIGN_TOPIC', 'a device publishes only to its own topics');
  }
}

function takeRegistration(registration: Registration, topic: string, body: Uint8Array): Reply {
  const request = readDpsPublish(topic);
  if (!request) throw new WireError('FOREIGN_TOPIC', 'a registering device publishes only registration requests');
  if (request.kind === 'register') return registration.register(request.rid, body);
  return registration.operation(request.rid, request.operationId);
}
