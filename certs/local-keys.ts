import { createPrivateKey, createPublicKey, type JsonWebKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { hmacSha256 } from '../core/digest.ts';
import { generateEcKeyPair } from '../core/envelope.ts';
import { CertsError } from './errors.ts';
import type { KeyFolder } from './key-folder.ts';

/** The keys that are the site's own: they never leave it, and outlive every certificate. */
export interface LocalKeys {
  /** At-rest recipient of every data key (A256KW, 32 bytes). */
  readonly storage: { readonly kid: string; readonly secret: Uint8Array };
  /** Key of the HMACs that recognise names without keeping them, 32 bytes. */
  readonly site: Uint8Array;
  /** Key of the codes that stand for names (the linkage key), 32 bytes: with it alone codes can be led back. */
  readonly linkage: Uint8Array;
  /** The hospital's recipient (ECDH-ES+A256KW, P-256): opens whatever this appliance sealed. */
  readonly hospital: { readonly kid: string; readonly publicKey: JsonWebKey; readonly privateKey: JsonWebKey };
}

/** Opens the local keys of a folder; makes each that is missing, durable before it is returned. */
export async function openLocalKeys(folder: KeyFolder): Promise<LocalKeys> {
  const secret = secretOf(folder, storageKeyName);
  return {
    storage: { kid: `storage-${hmacSha256(secret, 'key id').slice(0, 16)}`, secret },
    site: secretOf(folder, 'site.key'),
    linkage: secretOf(folder, 'linkage.key'),
    hospital: await hospitalKey(folder),
  };
}

/** The storage key of a folder that another process owns: read, never made or changed. */
export function readStorageKey(folder: string): Uint8Array {
  return readFileSync(join(folder, storageKeyName));
}

const storageKeyName = 'storage.key';
const secretBytes = 32;

function secretOf(folder: KeyFolder, name: string): Uint8Array {
  if (!folder.read(name)) folder.create(name, randomBytes(secretBytes));
  const secret = folder.read(name);
  if (secret?.length === secretBytes) return secret;
  throw new CertsError('KEYS_DAMAGED', `expected ${secretBytes} bytes in ${name}, found ${secret?.length ?? 0}`);
}

async function hospitalKey(folder: KeyFolder): Promise<LocalKeys['hospital']> {
  const name = 'hospital.jwk';
  if (!folder.read(name)) folder.create(name, JSON.stringify(generateEcKeyPair().privateKey));
  try {
    const key = createPrivateKey({ key: JSON.parse(String(folder.read(name))) as JsonWebKey, format: 'jwk' });
    const publicKey = createPublicKey(key).export({ format: 'jwk' });
    const thumbprint = await calculateJwkThumbprint(publicKey as JWK);
    return { kid: `hospital-${thumbprint}`, publicKey, privateKey: key.export({ format: 'jwk' }) };
  } catch (cause) {
    throw new CertsError('KEYS_DAMAGED', `expected a private P-256 key in ${name}`, cause);
  }
}
