import { GatewayError } from '../../core/errors.ts';

export class RegistryError extends GatewayError<
  'UNKNOWN_DEVICE' | 'DEVICE_EXISTS' | 'BAD_ID' | 'ETAG_MISMATCH' | 'HUB_RUNS'
> {}
