import { UploadError, type UploadErrorCode } from './upload-error.ts';

/** What is looked at of an error that the storage SDK throws. */
interface RestFault {
  readonly statusCode?: number;
  /** The endpoint's error code, or Node's for a broken connection. */
  readonly code?: string;
  readonly response?: { readonly headers: { get(name: string): string | undefined } };
}

const byErrorCode: Readonly<Record<string, UploadErrorCode>> = {
  InvalidBlockList: 'BLOCKS_MISSING',
  InvalidBlobOrBlock: 'BLOB_CONFLICT',
  InvalidBlockId: 'BLOB_CONFLICT',
};

const byStatus: Readonly<Record<number, UploadErrorCode>> = {
  401: 'TICKET_REFUSED',
  403: 'TICKET_REFUSED',
  408: 'ENDPOINT_BUSY',
  409: 'BLOB_CONFLICT',
  412: 'BLOB_CONFLICT',
  429: 'ENDPOINT_BUSY',
};

/**
 * What a failed request to the blob endpoint means for the upload. The SDK's error is not kept as the cause: it holds
 * the request, and with it the ticket.
 */
export function blobFault(thrown: unknown, now: Date): UploadError {
  const { statusCode, code = 'unknown', response } = thrown as RestFault;
  if (statusCode === undefined) return connectionFault(code);
  const known = byErrorCode[code] ?? byStatus[statusCode];
  const meaning = known ?? (statusCode >= 500 ? 'ENDPOINT_BUSY' : 'ENDPOINT_REFUSED');
  const retryAfterMs = retryAfter(response?.headers.get('retry-after'), now);
  return new UploadError(meaning, `the blob endpoint answered ${statusCode} (${code})`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function connectionFault(code: string): UploadError {
  if (/CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/.test(code)) {
    return new UploadError('ENDPOINT_NOT_TRUSTED', `the blob endpoint's certificate was refused (${code})`, {
      hint: 'Check the server CA in the enrolment bundle, and that no proxy opens the connection.',
    });
  }
  return new UploadError('ENDPOINT_UNREACHABLE', `the connection to the blob endpoint failed (${code})`, {
    hint: 'It is tried again by itself. Check that outbound HTTPS is allowed.',
  });
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds or a date; at most an hour is believed. */
function retryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : undefined;
}
