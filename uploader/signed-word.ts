import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import type { ZodType } from 'zod';
import type { PublicKey } from '../protocol/bundle.ts';
import type { RefusalCode } from './receipt-check.ts';

/** Why a word of the receiver is not believed before it is even read. */
export type Unsigned = Extract<RefusalCode, 'MALFORMED' | 'UNKNOWN_KEY' | 'BAD_SIGNATURE'>;

/**
 * What the receiver has signed: a receipt, a certificate. Compact JWS, ES256 and nothing else, by one of the keys, chosen
 * by its `kid`; one without `kid` is malformed. What it says is read only once its signature holds.
 */
export async function verifySigned<T>(
  jws: string,
  keys: readonly PublicKey[],
  schema: ZodType<T>,
): Promise<{ readonly said: T } | { readonly refused: Unsigned }> {
  const kid = kidOf(jws);
  if (kid === undefined) return { refused: 'MALFORMED' };
  const key = keys.find((one) => one.kid === kid);
  if (!key) return { refused: 'UNKNOWN_KEY' };
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(jws, await importJWK(key, 'ES256'), { algorithms: ['ES256'] }));
  } catch {
    return { refused: 'BAD_SIGNATURE' };
  }
  try {
    return { said: schema.parse(JSON.parse(Buffer.from(payload).toString('utf8'))) };
  } catch {
    return { refused: 'MALFORMED' };
  }
}

function kidOf(jws: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(jws);
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}
