import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { sha256 } from '../core/digest.ts';
import type { PublicKey } from '../protocol/bundle.ts';
import { type Receipt, receiptSchema } from '../protocol/receipt.ts';
import type { RefusalCode } from './receipt-check.ts';
import type { VerifiedReceipt } from './receipt-commands.ts';

export type SignatureVerdict = VerifiedReceipt | { readonly refused: RefusalCode };

/** Verifies a receipt's signature: compact JWS, ES256 and nothing else, by one of the keys, chosen by its `kid`. */
export async function verifyReceipt(jws: string, keys: readonly PublicKey[]): Promise<SignatureVerdict> {
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
  const receipt = parse(payload);
  return receipt ? { receipt, jws, sha256: sha256(jws) } : { refused: 'MALFORMED' };
}

function kidOf(jws: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(jws);
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

function parse(payload: Uint8Array): Receipt | undefined {
  try {
    return receiptSchema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
