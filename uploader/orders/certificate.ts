import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import type { PublicKey } from '../../protocol/bundle.ts';
import {
  certificateSchema,
  type DeletionCertificate,
  type DeletionOrder,
  deletionOrderSchema,
} from '../../protocol/withdrawal.ts';
import type { RefusalCode } from '../receipt-check.ts';

/** A certificate of deletion whose signature was verified, or why it is not believed. */
export type CertificateVerdict =
  | { readonly certificate: DeletionCertificate }
  | { readonly refused: Extract<RefusalCode, 'MALFORMED' | 'UNKNOWN_KEY' | 'BAD_SIGNATURE'> };

/** Verifies the signature: compact JWS, ES256 and nothing else, by one of the receipt keys, chosen by its `kid`. */
export async function verifyCertificate(jws: string, keys: readonly PublicKey[]): Promise<CertificateVerdict> {
  let kid: string | undefined;
  try {
    kid = decodeProtectedHeader(jws).kid;
  } catch {
    return { refused: 'MALFORMED' };
  }
  const key = keys.find((one) => one.kid === kid);
  if (!key) return { refused: 'UNKNOWN_KEY' };
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(jws, await importJWK(key, 'ES256'), { algorithms: ['ES256'] }));
  } catch {
    return { refused: 'BAD_SIGNATURE' };
  }
  try {
    return { certificate: certificateSchema.parse(JSON.parse(Buffer.from(payload).toString('utf8'))) };
  } catch {
    return { refused: 'MALFORMED' };
  }
}

/**
 * Whether a certificate answers this order of this device: the same case and order, and every archive of it either
 * erased, with the very bytes that were sealed, or never there.
 */
export function certifies(certificate: DeletionCertificate, orderJson: string, device: string): boolean {
  const order: DeletionOrder = deletionOrderSchema.parse(JSON.parse(orderJson));
  if (certificate.device !== device || certificate.caseId !== order.caseId) return false;
  if (certificate.orderedAt !== order.orderedAt) return false;
  const erased = new Map(certificate.erased.map((one) => [one.archiveId, one]));
  const absent = new Set(certificate.absent);
  return order.archives.every(({ archiveId, sha256, bytes }) => {
    const found = erased.get(archiveId);
    return found ? found.sha256 === sha256 && found.bytes === bytes : absent.has(archiveId);
  });
}
