import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blobFault } from './blob-fault.ts';

const now = new Date('2030-01-01T00:00:00Z');

function fault(statusCode: number | undefined, code?: string, retryAfter?: string) {
  const headers = { get: (name: string) => (name === 'retry-after' ? retryAfter : undefined) };
  return blobFault({ statusCode, code, response: { headers } }, now);
}

test('each answer of the endpoint has one meaning', () => {
  const meanings: [number | undefined, string | undefined, string][] = [
    [401, 'NoAuthenticationInformation', 'TICKET_REFUSED'],
    [403, 'AuthenticationFailed', 'TICKET_REFUSED'],
    [409, 'InvalidBlobType', 'BLOB_CONFLICT'],
    [412, 'ConditionNotMet', 'BLOB_CONFLICT'],
    [400, 'InvalidBlobOrBlock', 'BLOB_CONFLICT'],
    [400, 'InvalidBlockList', 'BLOCKS_MISSING'],
    [400, 'InvalidHeaderValue', 'ENDPOINT_REFUSED'],
    [404, 'ResourceNotFound', 'ENDPOINT_REFUSED'],
    [429, 'TooManyRequests', 'ENDPOINT_BUSY'],
    [500, 'InternalError', 'ENDPOINT_BUSY'],
    [503, 'ServerBusy', 'ENDPOINT_BUSY'],
    [undefined, 'ECONNRESET', 'ENDPOINT_UNREACHABLE'],
    [undefined, undefined, 'ENDPOINT_UNREACHABLE'],
    [undefined, 'SELF_SIGNED_CERT_IN_CHAIN', 'ENDPOINT_NOT_TRUSTED'],
    [undefined, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ENDPOINT_NOT_TRUSTED'],
    [undefined, 'ERR_TLS_CERT_ALTNAME_INVALID', 'ENDPOINT_NOT_TRUSTED'],
    [undefined, 'CERT_HAS_EXPIRED', 'ENDPOINT_NOT_TRUSTED'],
  ];
  for (const [status, code, meaning] of meanings) assert.equal(fault(status, code).code, meaning, `${status} ${code}`);
});

test('Retry-After is honoured as seconds and as a date, within reason', () => {
  assert.equal(fault(429, 'x', '7').retryAfterMs, 7000);
  assert.equal(fault(503, 'x', 'Tue, 01 Jan 2030 00:00:30 GMT').retryAfterMs, 30_000);
  assert.equal(fault(503, 'x', '999999').retryAfterMs, 3_600_000);
  assert.equal(fault(503, 'x', 'soon').retryAfterMs, undefined);
  assert.equal(fault(503, 'x').retryAfterMs, undefined);
});

test('the ticket in the request reaches neither message nor cause', () => {
  const thrown = { statusCode: 403, code: 'AuthenticationFailed', request: { url: 'https://h/c/b?sig=SECRET' } };
  const error = blobFault(Object.assign(new Error('https://h/c/b?sig=SECRET'), thrown), now);
  assert.doesNotMatch(JSON.stringify([error.message, error.cause, error.hint]), /SECRET/);
});
