import { type Sha256, sha256, sha256OfFile } from '../core/digest.ts';
import { codeOf } from '../core/errors.ts';
import type { PublicKey } from '../protocol/bundle.ts';
import type { Receipt } from '../protocol/receipt.ts';
import { type TrailFault, type TrailSegment, trailFaults } from './audit-trail.ts';
import type { ArchiveRow, DeviceRow, ReceiptRow } from './catalogue/catalogue.ts';
import { verifyReceipt } from './intake/receipts.ts';
import { publicKeyOf } from './keys.ts';
import type { ReceiverSettings } from './settings.ts';
import { type Shelf, withShelf } from './shelf.ts';

/**
 * Where what is stored is not what was signed.
 * - `RECEIPT_INVALID`: not signed by a known key, or not a receipt of this device and batch
 * - `CHAIN_BROKEN`: a receipt does not follow the one before, or the last one is gone
 * - `OBJECT_MISSING`, `OBJECT_DIFFERS`: an archive that a receipt stands for is not there, or not those bytes
 * - `ENTRY_MISSING`, `ENTRY_DIFFERS`: catalogue and receipt do not name the same archive
 * - `AUDIT_FORKED`, `AUDIT_BACKWARD`, `AUDIT_ALTERED`: a device's audit log contradicts what it signed before, got shorter,
 *   or does not hold together
 * - `OBJECT_REMAINS`: an archive whose deletion was certified is still there
 * - `BASE_MISSING`: an archive stands on one that is not there whole, so its case cannot be exported
 */
export type DifferenceCode =
  | 'RECEIPT_INVALID'
  | 'CHAIN_BROKEN'
  | 'OBJECT_MISSING'
  | 'OBJECT_DIFFERS'
  | 'ENTRY_MISSING'
  | 'ENTRY_DIFFERS'
  | 'OBJECT_REMAINS'
  | 'BASE_MISSING'
  | TrailFault['code'];

export interface Difference {
  readonly code: DifferenceCode;
  readonly deviceId: string;
  readonly batch?: string;
  readonly caseId?: string;
  readonly archiveId?: string;
  /** One line for people that needs no more to be understood. */
  readonly problem: string;
}

export interface Verification {
  readonly receipts: number;
  readonly archives: number;
  readonly bytes: number;
  readonly differences: readonly Difference[];
}

type Read = Pick<Verification, 'bytes' | 'differences'>;

/**
 * Reads everything of the receiver in `folder` again: every receipt's signature and place in its chain, every byte of
 * every archive. The receiver may be running.
 */
export async function verifyObjects(order: {
  readonly folder: string;
  readonly settings: Pick<ReceiverSettings, 'keys' | 'formerReceiptKeys'>;
}): Promise<Verification> {
  const { keys, formerReceiptKeys } = order.settings;
  return withShelf(order.folder, (shelf) => verifyShelf(shelf, [publicKeyOf(keys.receipt), ...formerReceiptKeys]));
}

async function verifyShelf(shelf: Shelf, receiptKeys: readonly PublicKey[]): Promise<Verification> {
  const archives = await shelf.catalogue.archives();
  const differences: Difference[] = [];
  const signed = new Map<string, Sha256>();
  let receipts = 0;
  for (const device of await shelf.catalogue.devices()) {
    const chain = await shelf.catalogue.receipts(device.deviceId);
    receipts += chain.length;
    differences.push(...(await verifyChain(device, chain, { receiptKeys, archives, signed })));
    differences.push(...(await verifyTrail(shelf, device)));
  }
  let bytes = 0;
  const damaged = new Set<string>();
  for (const archive of archives) {
    if (archive.withdrawnAt !== undefined) {
      differences.push(...(await verifyErased(shelf, archive, archives)));
      continue;
    }
    const read = await verifyArchive(shelf, archive, signed.get(keyOf(archive)));
    bytes += read.bytes;
    differences.push(...read.differences);
    if (read.differences.length > 0) damaged.add(keyOf(archive));
  }
  differences.push(...missingBases(archives, damaged));
  return { receipts, archives: archives.length, bytes, differences };
}

interface ChainContext {
  readonly receiptKeys: readonly PublicKey[];
  readonly archives: readonly ArchiveRow[];
  /** Filled: what a valid receipt says of each archive. */
  readonly signed: Map<string, Sha256>;
}

async function verifyChain(
  device: DeviceRow,
  chain: readonly ReceiptRow[],
  context: ChainContext,
): Promise<readonly Difference[]> {
  const { deviceId } = device;
  const differences: Difference[] = [];
  const entered = new Set(context.archives.map(keyOf));
  let previous: Sha256 | null = null;
  for (const [index, row] of chain.entries()) {
    const at = { deviceId, batch: row.batch };
    const receipt = await verifyReceipt(row.jws, context.receiptKeys);
    if (!receipt || receipt.device !== deviceId || receipt.batch !== row.batch) {
      differences.push({ ...at, code: 'RECEIPT_INVALID', problem: 'the receipt is not signed for this batch' });
    } else {
      if (receipt.previous !== previous || row.place !== index + 1) {
        differences.push({ ...at, code: 'CHAIN_BROKEN', problem: 'the receipt does not follow the one before' });
      }
      differences.push(...missingEntries(receipt, entered));
      for (const { archiveId, sha256 } of receipt.archives) {
        context.signed.set(keyOf({ deviceId, archiveId }), sha256 as Sha256);
      }
    }
    previous = sha256(row.jws);
  }
  if (device.headSha256 !== previous || device.receipts !== chain.length) {
    const problem = `${device.receipts} receipts were given, ${chain.length} are there`;
    differences.push({ deviceId, code: 'CHAIN_BROKEN', problem });
  }
  return differences;
}

async function verifyTrail({ catalogue }: Shelf, { deviceId }: DeviceRow): Promise<readonly Difference[]> {
  const segments: TrailSegment[] = [];
  for (const { id, batch } of await catalogue.items({ deviceId, kind: 'audit' })) {
    segments.push({ batch, body: (await catalogue.itemBody(deviceId, id)) ?? new Uint8Array() });
  }
  const faults = trailFaults(await catalogue.auditHeads(deviceId), segments);
  return faults.map((fault) => ({ deviceId, ...fault }));
}

function missingEntries({ archives, batch, device }: Receipt, entered: ReadonlySet<string>): readonly Difference[] {
  return archives
    .filter(({ archiveId }) => !entered.has(keyOf({ deviceId: device, archiveId })))
    .map(({ archiveId }) => ({
      ...{ code: 'ENTRY_MISSING' as const, deviceId: device, batch, archiveId },
      problem: 'the catalogue has no entry for an archive of the receipt',
    }));
}

async function verifyArchive(shelf: Shelf, archive: ArchiveRow, signed: Sha256 | undefined): Promise<Read> {
  const { deviceId, batch, caseId, archiveId } = archive;
  const at = { deviceId, batch, caseId, archiveId };
  const differences: Difference[] = [];
  if (signed !== archive.sha256) {
    const problem = 'the catalogue names other bytes than a valid receipt';
    differences.push({ ...at, code: 'ENTRY_DIFFERS', problem });
  }
  try {
    const found = await sha256OfFile(await shelf.objects.open(archive.sha256));
    if (found.sha256 !== archive.sha256 || found.bytes !== archive.bytes) {
      differences.push({ ...at, code: 'OBJECT_DIFFERS', problem: 'the stored bytes have changed' });
    }
    return { bytes: found.bytes, differences };
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'OBJECT_MISSING' && code !== 'ENOENT' && code !== 'EIO') throw error;
    const problem = code === 'EIO' ? 'the stored bytes cannot be read' : 'the archive is not in the store';
    return { bytes: 0, differences: [...differences, { ...at, code: 'OBJECT_MISSING', problem }] };
  }
}

/** What was withdrawn must be gone, unless another archive that is kept has the same bytes. */
async function verifyErased(
  shelf: Shelf,
  { deviceId, batch, caseId, archiveId, sha256 }: ArchiveRow,
  archives: readonly ArchiveRow[],
): Promise<readonly Difference[]> {
  const isKept = archives.some((one) => one.sha256 === sha256 && one.withdrawnAt === undefined);
  if (isKept || !(await shelf.objects.has(sha256))) return [];
  const problem = 'the archive was withdrawn and is still in the store';
  return [{ code: 'OBJECT_REMAINS', deviceId, batch, caseId, archiveId, problem }];
}

/** Deltas whose base is not there, is damaged, or is no whole archive of the same tier. */
function missingBases(archives: readonly ArchiveRow[], damaged: ReadonlySet<string>): readonly Difference[] {
  const known = new Map(archives.map((archive) => [keyOf(archive), archive]));
  return archives.flatMap(({ deviceId, batch, caseId, archiveId, tier, base, withdrawnAt }) => {
    if (base === undefined || withdrawnAt !== undefined) return [];
    const key = keyOf({ deviceId, archiveId: base });
    const found = known.get(key);
    if (found?.tier === tier && found.base === undefined && !damaged.has(key)) return [];
    const problem = `the archive stands on ${base}, which is not there whole`;
    return [{ code: 'BASE_MISSING' as const, deviceId, batch, caseId, archiveId, problem }];
  });
}

function keyOf({ deviceId, archiveId }: { readonly deviceId: string; readonly archiveId: string }): string {
  return `${deviceId} ${archiveId}`;
}
