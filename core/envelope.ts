import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { GeneralEncrypt, type GeneralJWE, generalDecrypt } from 'jose';
import { GatewayError } from './errors.ts';

export class EnvelopeError extends GatewayError<'NOT_A_RECIPIENT' | 'NO_RECIPIENT'> {}

/** Someone who can open an envelope: a public EC key (ECDH-ES+A256KW), or a secret of 32 bytes kept here (A256KW). */
export type Recipient =
  | { readonly kid: string; readonly publicKey: JsonWebKey }
  | { readonly kid: string; readonly secret: Uint8Array };

/** The other half: what opens it. */
export type RecipientKey =
  | { readonly kid: string; readonly privateKey: JsonWebKey }
  | { readonly kid: string; readonly secret: Uint8Array };

/** A secret wrapped for several readers: JWE General JSON (RFC 7516, 7.2.1), content encryption A256GCM. */
export type Envelope = GeneralJWE;

/** Wraps a short secret (a data key) so that each recipient alone can open it. */
export async function seal(secret: Uint8Array, recipients: readonly Recipient[]): Promise<Envelope> {
  if (recipients.length === 0) throw new EnvelopeError('NO_RECIPIENT', 'an envelope needs at least one recipient');
  const jwe = new GeneralEncrypt(secret).setProtectedHeader({ enc: 'A256GCM' });
  for (const recipient of recipients) {
    if ('secret' in recipient) {
      jwe.addRecipient(createSecretKey(recipient.secret)).setUnprotectedHeader({ alg: 'A256KW', kid: recipient.kid });
    } else {
      jwe
        .addRecipient(createPublicKey({ key: recipient.publicKey, format: 'jwk' }))
        .setUnprotectedHeader({ alg: 'ECDH-ES+A256KW', kid: recipient.kid });
    }
  }
  return jwe.encrypt();
}

/** Opens an envelope with one key. Throws NOT_A_RECIPIENT when the key is for none of its recipients. */
export async function open(envelope: Envelope, key: RecipientKey): Promise<Uint8Array> {
  const own = envelope.recipients.filter((recipient) => recipient.header?.kid === key.kid);
  const secret =
    'secret' in key ? createSecretKey(key.secret) : createPrivateKey({ key: key.privateKey, format: 'jwk' });
  try {
    const { plaintext } = await generalDecrypt({ ...envelope, recipients: own }, secret, {
      keyManagementAlgorithms: ['secret' in key ? 'A256KW' : 'ECDH-ES+A256KW'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return plaintext;
  } catch (cause) {
    throw new EnvelopeError('NOT_A_RECIPIENT', `the envelope cannot be opened with key ${key.kid}`, {
      hint: 'Open it with the key of one of the recipients it was sealed for.',
      cause,
    });
  }
}

/** A copy of an envelope without one recipient: how the at-rest recipient stays at home. */
export function withoutRecipient(envelope: Envelope, kid: string): Envelope {
  return { ...envelope, recipients: envelope.recipients.filter((recipient) => recipient.header?.kid !== kid) };
}

/** A fresh P-256 key pair as JWK, for recipients and for ES256 signers. */
export function generateEcKeyPair(): { readonly publicKey: JsonWebKey; readonly privateKey: JsonWebKey } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { publicKey: publicKey.export({ format: 'jwk' }), privateKey: privateKey.export({ format: 'jwk' }) };
}
