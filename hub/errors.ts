import { GatewayError } from '../core/errors.ts';

export type HubErrorCode =
  | 'ARGUMENT_INVALID'
  | 'UNAUTHORIZED'
  | 'DEVICE_NOT_FOUND'
  | 'DEVICE_EXISTS'
  | 'DEVICE_NOT_ONLINE'
  | 'BAD_DEVICE_RESPONSE'
  | 'DEVICE_TIMEOUT'
  | 'PRECONDITION_FAILED'
  | 'TOO_LARGE'
  | 'TOO_MANY_UPLOADS'
  | 'UPLOAD_NOT_FOUND'
  | 'NOT_FOUND'
  | 'STARTING';

/** A request that the hub refuses. The message is told to the caller, so it never carries a key or a value. */
export class HubError extends GatewayError<HubErrorCode> {}
