import device, { type Message } from 'azure-iot-device';
import type { DeviceEvent, UploadTicket } from '../protocol/link.ts';
import { LinkError } from './errors.ts';
import { isObject } from './reported.ts';

/** An event as the SDK sends it. The body stays text: the SDK serialises every message, and buffers slowly. */
export function messageOf(event: DeviceEvent): Message {
  const message = new device.Message(event.body);
  message.messageId = event.messageId;
  message.contentType = event.contentType as 'application/json';
  message.contentEncoding = 'utf-8';
  message.properties.add('kind', event.kind);
  return message;
}

/** The hub's answer to a file-upload request, believed only when every field is there. */
export function readTicket(answer: unknown, what: string): UploadTicket {
  const fields = ['correlationId', 'hostName', 'containerName', 'blobName', 'sasToken'] as const;
  if (!isObject(answer) || fields.some((field) => typeof answer[field] !== 'string' || answer[field] === '')) {
    throw new LinkError('PROTOCOL', `${what}: the hub's answer lacks a field`);
  }
  return Object.fromEntries(fields.map((field) => [field, answer[field]])) as unknown as UploadTicket;
}
