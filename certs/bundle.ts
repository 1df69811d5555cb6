import { open } from 'node:fs/promises';
import { EmbeddedJWK, type FlattenedJWSInput, flattenedVerify } from 'jose';
import { z } from 'zod';
import { sha256 } from '../core/digest.ts';
import { type Bundle, bundleSchema, maxBundleBytes } from '../protocol/bundle.ts';
import { CertsError } from './errors.ts';

export interface ReadBundle {
  readonly bundle: Bundle;
  /** SHA-256 of the file's bytes in groups of four digits: what a person compares before the bundle is trusted. */
  readonly fingerprint: string;
}

/**
 * Reads an enrolment bundle: flattened JWS JSON signed with ES256 by the key in its own header. The signature shows
 * that the file is whole; whether to believe it, a person decides by the fingerprint. Throws a CertsError whose code
 * starts with `BUNDLE_`.
 */
export async function readBundle(path: string): Promise<ReadBundle> {
  const bytes = await readCapped(path);
  const payload = await verified(parseJson(bytes, 'BUNDLE_UNREADABLE'));
  return { bundle: parseBundle(parseJson(payload, 'BUNDLE_INVALID')), fingerprint: inGroups(sha256(bytes)) };
}

/** A digest as people compare it: groups of four digits. */
export function inGroups(digest: string): string {
  return digest.match(/.{1,4}/g)?.join(' ') ?? '';
}

const jwsSchema = z.strictObject({ payload: z.string(), protected: z.string(), signature: z.string() });
const versionSchema = z.looseObject({ v: z.int() });

async function readCapped(path: string): Promise<Buffer> {
  const buffer = Buffer.alloc(maxBundleBytes + 1);
  let length = 0;
  try {
    await using file = await open(path);
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = (await file.read(buffer, length, buffer.length - length)).bytesRead;
    }
  } catch (cause) {
    throw new CertsError('BUNDLE_UNREADABLE', 'the enrolment bundle cannot be read', cause);
  }
  if (length <= maxBundleBytes) return buffer.subarray(0, length);
  throw new CertsError(
    'BUNDLE_TOO_LARGE',
    `expected an enrolment bundle of at most ${maxBundleBytes} bytes, found more`,
  );
}

async function verified(json: unknown): Promise<Uint8Array> {
  const jws = jwsSchema.safeParse(json);
  if (!jws.success) throw new CertsError('BUNDLE_UNREADABLE', 'expected a signed enrolment bundle', jws.error);
  try {
    const input: FlattenedJWSInput = jws.data;
    return (await flattenedVerify(input, EmbeddedJWK, { algorithms: ['ES256'] })).payload;
  } catch (cause) {
    throw new CertsError('BUNDLE_TAMPERED', 'the signature of the enrolment bundle does not verify', cause);
  }
}

function parseBundle(payload: unknown): Bundle {
  const version = versionSchema.safeParse(payload);
  if (version.success && version.data.v !== 1) {
    throw new CertsError(
      'BUNDLE_VERSION',
      `this release reads enrolment bundles of version 1, found ${version.data.v}`,
    );
  }
  const bundle = bundleSchema.safeParse(payload);
  if (bundle.success) return bundle.data;
  const fields = bundle.error.issues.map((issue) => issue.path.join('.') || 'bundle');
  throw new CertsError('BUNDLE_INVALID', `not as the format wants: ${fields.join(', ')}`, bundle.error);
}

function parseJson(bytes: Uint8Array, code: 'BUNDLE_UNREADABLE' | 'BUNDLE_INVALID'): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CertsError(code, 'expected an enrolment bundle in JSON', cause);
  }
}
