import type { Receipt } from '../protocol/receipt.ts';

/**
 * Why an acknowledgement is not believed. Nothing is released for any of them.
 *
 * - `MALFORMED`: not an acknowledgement, or the receipt's payload is not one
 * - `UNKNOWN_KEY`: signed by a key that this appliance was not told to believe
 * - `BAD_SIGNATURE`: the signature is not of these bytes and that key, or not ES256
 * - `BATCH_UNKNOWN`: this appliance did not send that batch
 * - `BATCH_CLOSED`: the batch already has another receipt, or was refused
 * - `DEVICE_MISMATCH`, `ARCHIVES_MISMATCH`, `DIGEST_MISMATCH`, `BYTES_MISMATCH`, `TOTAL_MISMATCH`: the receipt is for
 *   another device, other archives, other content, other sizes, or its sum is wrong
 * - `ITEMS_MISMATCH`: it is for other items, or refuses items that were not in the batch
 * - `NOT_ORDERED`, `ORDER_MISMATCH`: a certificate of deletion for a case that was not withdrawn, or not of what was
 *   ordered
 * - `PREVIOUS_MISMATCH`: it does not follow the last receipt of this device
 */
export type RefusalCode =
  | 'MALFORMED'
  | 'UNKNOWN_KEY'
  | 'BAD_SIGNATURE'
  | 'BATCH_UNKNOWN'
  | 'BATCH_CLOSED'
  | 'DEVICE_MISMATCH'
  | 'ARCHIVES_MISMATCH'
  | 'DIGEST_MISMATCH'
  | 'BYTES_MISMATCH'
  | 'TOTAL_MISMATCH'
  | 'ITEMS_MISMATCH'
  | 'NOT_ORDERED'
  | 'ORDER_MISMATCH'
  | 'PREVIOUS_MISMATCH';

/** What the ledger knows about the batch that a receipt names. */
export interface ExpectedReceipt {
  readonly device: string;
  /** Undefined when the ledger has no such batch. */
  readonly batchState: string | undefined;
  readonly archives: readonly { readonly archiveId: string; readonly sha256: string; readonly bytes: number }[];
  /** The batch's items; undefined when it has none. */
  readonly items?:
    | { readonly count: number; readonly sha256: string; readonly has: (id: string) => boolean }
    | undefined;
  /** SHA-256 of the last accepted receipt; null before the first. */
  readonly previous: string | null;
  /**
   * The ledger was rebuilt, by a person's word, and does not know its last receipt for certain: the first receipt that is
   * right in everything else is where the chain goes on. Its signature, device, batch and archives are checked as ever.
   */
  readonly isChainOpen?: boolean;
}

/** The first thing in which a receipt differs from what the ledger expects; undefined when it is right. */
export function receiptMismatch(receipt: Receipt, expected: ExpectedReceipt): RefusalCode | undefined {
  if (expected.batchState === undefined || expected.batchState === 'uploading') return 'BATCH_UNKNOWN';
  if (expected.batchState !== 'uploaded') return 'BATCH_CLOSED';
  if (receipt.device !== expected.device) return 'DEVICE_MISMATCH';
  const found = new Map(receipt.archives.map((archive) => [archive.archiveId, archive]));
  const sameSet = found.size === receipt.archives.length && found.size === expected.archives.length;
  if (!sameSet || expected.archives.some(({ archiveId }) => !found.has(archiveId))) return 'ARCHIVES_MISMATCH';
  for (const { archiveId, sha256, bytes } of expected.archives) {
    if (found.get(archiveId)?.sha256 !== sha256) return 'DIGEST_MISMATCH';
    if (found.get(archiveId)?.bytes !== bytes) return 'BYTES_MISMATCH';
  }
  const total = expected.archives.reduce((sum, { bytes }) => sum + bytes, 0);
  if (receipt.bytes !== total) return 'TOTAL_MISMATCH';
  if (!areItemsRight(receipt.items, expected.items)) return 'ITEMS_MISMATCH';
  if (receipt.previous !== expected.previous && !expected.isChainOpen) return 'PREVIOUS_MISMATCH';
  return undefined;
}

function areItemsRight(items: Receipt['items'], expected: ExpectedReceipt['items']): boolean {
  if (!items || !expected) return items === undefined && expected === undefined;
  const refused = items.refused ?? [];
  const isOnce = new Set(refused.map(({ id }) => id)).size === refused.length;
  return (
    items.count === expected.count &&
    items.sha256 === expected.sha256 &&
    isOnce &&
    refused.every(({ id }) => expected.has(id))
  );
}
