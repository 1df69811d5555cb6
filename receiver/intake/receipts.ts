import { CompactSign, compactVerify, importJWK, type JWK } from 'jose';
import type { PublicKey } from '../../protocol/bundle.ts';
import { maxReceiptBytes, type Receipt, receiptSchema } from '../../protocol/receipt.ts';
import type { SignReceipt } from '../catalogue/catalogue.ts';
import { BatchRefused } from '../errors.ts';
import type { PrivateKey } from '../settings.ts';

/** A function that signs receipts as compact JWS (ES256) with the key's name in `kid`. */
export async function receiptSigner(key: PrivateKey): Promise<SignReceipt> {
  const { kid, ...jwk } = key;
  const signingKey = await importJWK(jwk satisfies JWK, 'ES256');
  return async (draft) => {
    const receipt: Receipt = { v: 1, ...draft, durability: 'fsync' };
    const payload = new TextEncoder().encode(JSON.stringify(receipt));
    const jws = await new CompactSign(payload).setProtectedHeader({ alg: 'ES256', kid, typ: 'JWS' }).sign(signingKey);
    if (jws.length <= maxReceiptBytes) return jws;
    throw new BatchRefused('RECEIPT_TOO_LARGE', `its receipt would have ${jws.length} bytes`);
  };
}

/** The payload of a receipt whose signature is that of one of `keys`. Undefined otherwise. */
export async function verifyReceipt(jws: string, keys: readonly PublicKey[]): Promise<Receipt | undefined> {
  try {
    const { payload } = await compactVerify(jws, ({ kid }) => publicKey(keys, kid), { algorithms: ['ES256'] });
    return receiptSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch {
    return undefined;
  }
}

async function publicKey(keys: readonly PublicKey[], kid: string | undefined) {
  const key = keys.find((each) => each.kid === kid);
  if (!key) throw new Error('no key of this name');
  const { kid: _kid, ...jwk } = key;
  return importJWK(jwk, 'ES256');
}
