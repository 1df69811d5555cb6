import { GatewayError } from '../core/errors.ts';

/**
 * Why the link, or one call on it, failed.
 * - `OFFLINE`: there is no connection now; the supervisor is already working on one.
 * - `UNREACHABLE`: nothing answered at the hub's address.
 * - `SERVER_NOT_TRUSTED`: something answered that the given CA does not vouch for.
 * - `IDENTITY_REFUSED`: the hub does not accept this device's certificate.
 * - `HUB_BUSY`: the hub asks to come back later (starting, throttling, 5xx).
 * - `LOST`: the connection broke while a call was in flight; whether it took effect is unknown.
 * - `DEADLINE`: no answer in time; the connection is dropped with it.
 * - `PROTOCOL`: the hub answered something that cannot be understood.
 * - `REFUSED`: the hub understood and said no.
 * - `EVENT_TOO_LARGE`, `REPORT_TOO_LARGE`, `BAD_BLOB_NAME`: refused here, before anything was sent.
 */
export type LinkErrorCode =
  | 'OFFLINE'
  | 'UNREACHABLE'
  | 'SERVER_NOT_TRUSTED'
  | 'IDENTITY_REFUSED'
  | 'HUB_BUSY'
  | 'LOST'
  | 'DEADLINE'
  | 'PROTOCOL'
  | 'REFUSED'
  | 'EVENT_TOO_LARGE'
  | 'REPORT_TOO_LARGE'
  | 'BAD_BLOB_NAME';

export class LinkError extends GatewayError<LinkErrorCode> {}
