import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectFault, httpFault, lostBy } from './faults.ts';

const coded = (code: string | number) => Object.assign(new Error('as the library says it'), { code });

// biome-ignore format: the columns are the table
const connects = [
  ['ECONNREFUSED',                             'UNREACHABLE'],
  ['ENOTFOUND',                                'UNREACHABLE'],
  ['ECONNRESET',                               'UNREACHABLE'],
  [1,                                          'UNREACHABLE'],
  [2,                                          'IDENTITY_REFUSED'],
  [3,                                          'HUB_BUSY'],
  [4,                                          'IDENTITY_REFUSED'],
  [5,                                          'IDENTITY_REFUSED'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'IDENTITY_REFUSED'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',  'IDENTITY_REFUSED'],
  ['SELF_SIGNED_CERT_IN_CHAIN',                'SERVER_NOT_TRUSTED'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE',          'SERVER_NOT_TRUSTED'],
  ['CERT_HAS_EXPIRED',                         'SERVER_NOT_TRUSTED'],
  ['ERR_TLS_CERT_ALTNAME_INVALID',             'SERVER_NOT_TRUSTED'],
] as const;

for (const [code, expected] of connects) {
  test(`a connection that fails with ${code} is ${expected}`, () => {
    assert.equal(connectFault(coded(code)).code, expected);
    const wrapped = Object.assign(new Error('Not authorized'), { transportError: coded(code) });
    assert.equal(connectFault(wrapped).code, expected, 'also inside the wrapping of the SDK');
  });
}

test('an HTTP answer is judged by its status', () => {
  const judge = (status: number | undefined, error: Error = new Error('text')) => httpFault(status, error, 'x').code;
  assert.equal(judge(200), 'PROTOCOL');
  assert.equal(judge(401), 'IDENTITY_REFUSED');
  assert.equal(judge(403), 'REFUSED');
  assert.equal(judge(429), 'HUB_BUSY');
  assert.equal(judge(503), 'HUB_BUSY');
  assert.equal(judge(undefined, coded('ECONNREFUSED')), 'UNREACHABLE');
  assert.equal(judge(undefined, coded('SELF_SIGNED_CERT_IN_CHAIN')), 'SERVER_NOT_TRUSTED');
});

test('what breaks a call is LOST, or DEADLINE when it took too long', () => {
  const late = Object.assign(new Error('late'), { name: 'TimeoutError' });
  assert.equal(lostBy(late).code, 'DEADLINE');
  assert.equal(lostBy(new Error('x')).code, 'LOST');
  assert.equal(lostBy(undefined).code, 'LOST');
});
