import { GatewayError } from '../core/errors.ts';

/**
 * Why an upload did not go on.
 *
 * - `TICKET_REFUSED`: the endpoint does not accept the ticket, or it is about to expire; a new one is asked for
 * - `BLOB_CONFLICT`: something else lies under that name; the archive starts again under another one
 * - `BLOCKS_MISSING`: the endpoint lost blocks between staging and commit; they are staged again
 * - `ENDPOINT_BUSY`: it asks to come back later (429, 5xx), perhaps after `retryAfterMs`
 * - `ENDPOINT_UNREACHABLE`: no connection, or it broke, or nothing moved for too long
 * - `ENDPOINT_NOT_TRUSTED`: its certificate is not one that the given CA vouches for
 * - `ENDPOINT_REFUSED`: it said no in another way
 * - `ARCHIVE_DAMAGED`: the file on disk is not what was sealed; it is never sent
 * - `MANIFEST_TOO_LARGE`: the signed manifest does not fit into one event
 */
export type UploadErrorCode =
  | 'TICKET_REFUSED'
  | 'BLOB_CONFLICT'
  | 'BLOCKS_MISSING'
  | 'ENDPOINT_BUSY'
  | 'ENDPOINT_UNREACHABLE'
  | 'ENDPOINT_NOT_TRUSTED'
  | 'ENDPOINT_REFUSED'
  | 'ARCHIVE_DAMAGED'
  | 'MANIFEST_TOO_LARGE';

export class UploadError extends GatewayError<UploadErrorCode> {
  /** How long the endpoint asked to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: UploadErrorCode,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}
