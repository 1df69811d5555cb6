import { CompactSign, importJWK, type JWK } from 'jose';
import { certificateSchema, type DeletionCertificate } from '../../protocol/withdrawal.ts';
import type { Erasure } from '../catalogue/withdrawals.ts';
import type { PrivateKey } from '../settings.ts';

/** `findings`: how many findings of the case were erased. */
export type SignCertificate = (certificate: DeletionCertificate, findings: number) => Promise<string>;

/**
 * A function that signs certificates of deletion as compact JWS (ES256) with the receipt key. What went beside archives is
 * said in the protected header: an appliance of before passes over parameters that it does not know (RFC 7515, 4), but
 * takes no payload with other fields.
 */
export async function certificateSigner(key: PrivateKey): Promise<SignCertificate> {
  const { kid, ...jwk } = key;
  const signingKey = await importJWK(jwk satisfies JWK, 'ES256');
  return (certificate, findings) => {
    const payload = new TextEncoder().encode(JSON.stringify(certificateSchema.parse(certificate)));
    return new CompactSign(payload).setProtectedHeader({ alg: 'ES256', kid, typ: 'JWS', findings }).sign(signingKey);
  };
}

/** What is certified of an erasure that is done. */
export function certificateOf({ deviceId, order, marked }: Erasure, deletedAt: Date): DeletionCertificate {
  const erased = new Set(marked.map(({ archiveId }) => archiveId));
  return {
    ...{ v: 1, certificate: 'deletion', device: deviceId, caseId: order.caseId, orderedAt: order.orderedAt },
    deletedAt: deletedAt.toISOString(),
    erased: marked.map(({ archiveId, sha256, bytes }) => ({ archiveId, sha256, bytes })),
    absent: order.archives.map(({ archiveId }) => archiveId).filter((archiveId) => !erased.has(archiveId)),
  };
}
