import { calculateJwkThumbprint } from 'jose';
import { generateEcKeyPair } from '../core/envelope.ts';
import { type PublicKey, publicKeySchema } from '../protocol/bundle.ts';
import { type PrivateKey, privateKeySchema } from './settings.ts';

/** The receiver's two key pairs: one signs receipts (ES256), one opens archives (ECDH-ES+A256KW). */
export interface ReceiverKeys {
  readonly receipt: PrivateKey;
  readonly transit: PrivateKey;
}

/** Makes both key pairs anew. Each is named by its kind and thumbprint (RFC 7638). */
export async function createReceiverKeys(): Promise<ReceiverKeys> {
  return { receipt: await createKey('receipt'), transit: await createKey('transit') };
}

/** The half that others get. */
export function publicKeyOf({ kid, kty, crv, x, y }: PrivateKey): PublicKey {
  return publicKeySchema.parse({ kid, kty, crv, x, y });
}

async function createKey(kind: string): Promise<PrivateKey> {
  const { privateKey } = generateEcKeyPair();
  const thumbprint = await calculateJwkThumbprint({ ...privateKey, kty: 'EC' });
  return privateKeySchema.parse({ ...privateKey, kid: `${kind}-${thumbprint.slice(0, 16)}` });
}
