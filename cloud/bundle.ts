import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlattenedSign, importJWK, type JWK } from 'jose';
import type { Clock } from '../core/clock.ts';
import { sha256 } from '../core/digest.ts';
import { generateEcKeyPair } from '../core/envelope.ts';
import { GatewayError } from '../core/errors.ts';
import { makeFolder, writeFileDurable } from '../core/files.ts';
import { type Bundle, bundleSchema, maxBundleBytes } from '../protocol/bundle.ts';

export class BundleError extends GatewayError<'PART_INVALID' | 'TOO_LARGE' | 'SIGNER_DAMAGED'> {}

/** What a bundle says, apart from its version, its date and how the onboarding pair is written. */
export interface BundleParts extends Omit<Bundle, 'v' | 'issuedAt' | 'onboarding'> {
  /** The onboarding PKCS#12, DER. Its passphrase goes to the site by another way. */
  readonly pkcs12: Uint8Array;
}

export interface SignedBundle {
  /** The file's content: flattened JWS JSON (RFC 7515, 7.2.2), ES256, public key in the header. */
  readonly text: string;
  /** SHA-256 of `text` in groups of four digits: what the site compares before it trusts the bundle. */
  readonly fingerprint: string;
}

/** Makes and signs an enrolment bundle with the bundle key kept in `folder` (made at the first call). */
export async function createBundle(
  deps: { readonly folder: string; readonly clock: Clock },
  parts: BundleParts,
): Promise<SignedBundle> {
  const payload = JSON.stringify(bundleOf(parts, deps.clock.now()));
  const { privateJwk, publicJwk } = await bundleKey(deps.folder);
  const jws = await new FlattenedSign(Buffer.from(payload))
    .setProtectedHeader({ alg: 'ES256', jwk: publicJwk })
    .sign(await importJWK(privateJwk, 'ES256'));
  const text = `${JSON.stringify(jws)}\n`;
  if (Buffer.byteLength(text) > maxBundleBytes) {
    throw new BundleError('TOO_LARGE', `expected at most ${maxBundleBytes} bytes, the bundle has ${text.length}`, {
      hint: 'Name fewer CA certificates, receipt keys or recipients.',
    });
  }
  return { text, fingerprint: inGroups(sha256(text)) };
}

function bundleOf({ pkcs12, ...parts }: BundleParts, issuedAt: Date): Bundle {
  const bundle = bundleSchema.safeParse({
    v: 1,
    ...parts,
    issuedAt: issuedAt.toISOString(),
    onboarding: { pkcs12: Buffer.from(pkcs12).toString('base64') },
  });
  if (bundle.success) return bundle.data;
  const fields = bundle.error.issues.map((issue) => issue.path.join('.') || 'bundle');
  throw new BundleError('PART_INVALID', `these parts of the bundle are not as the format wants: ${fields.join(', ')}`, {
    hint: 'See docs/bundle.md for what each part must look like.',
    cause: bundle.error,
  });
}

async function bundleKey(folder: string): Promise<{ privateJwk: JWK; publicJwk: JWK }> {
  const path = join(await makeFolder(folder), 'bundle-key.jwk');
  if (!existsSync(path)) writeFileDurable(path, JSON.stringify(generateEcKeyPair().privateKey));
  const privateJwk = readKey(path);
  const { kty, crv, x, y } = privateJwk;
  return { privateJwk, publicJwk: { kty, crv, x, y } as JWK };
}

function readKey(path: string): JWK {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as JWK;
  } catch (cause) {
    throw new BundleError('SIGNER_DAMAGED', 'the key that signs enrolment bundles cannot be read', {
      hint: 'Restore it from a backup, or remove the file: the next bundle is then signed by a new key.',
      cause,
    });
  }
}

function inGroups(digest: string): string {
  return digest.match(/.{4}/g)!.join(' ');
}
