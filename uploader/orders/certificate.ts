import { type DeletionCertificate, type DeletionOrder, deletionOrderSchema } from '../../protocol/withdrawal.ts';

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
