import type { ConnectPacket } from 'aedes';
import type { ConnectRequest } from './admission.ts';
import { maxKeepAliveSeconds } from './limits.ts';

/**
 * Notes what a CONNECT says, and makes three changes to it for the broker: a registering device gets a client id of its
 * own, or it would evict the hub session of the device with the same name; a will is not kept; the keep-alive is
 * bounded.
 */
export function readConnect(packet: ConnectPacket): ConnectRequest {
  const userName = packet.username ?? '';
  const request: ConnectRequest = {
    clientId: packet.clientId,
    userName,
    hasPassword: (packet.password?.length ?? 0) > 0,
    hasWill: packet.will !== undefined,
  };
  if (userName.split('/')[1] === 'registrations') packet.clientId = `dps:${packet.clientId}`;
  delete packet.will;
  packet.keepalive = Math.min(packet.keepalive || maxKeepAliveSeconds, maxKeepAliveSeconds);
  return request;
}
