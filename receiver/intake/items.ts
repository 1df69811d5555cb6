import { sha256 } from '../../core/digest.ts';
import { type Envelope, open } from '../../core/envelope.ts';
import { type Manifest, type ManifestItems, maxItemBlobBytes } from '../../protocol/batch.ts';
import { caseOfFindings } from '../../protocol/findings-case.ts';
import { bodyOf, itemsDigest, openItemBlob } from '../../protocol/item-pack.ts';
import { itemKindSchema, maxItemBytes, type WireItem } from '../../protocol/outbox.ts';
import { deletionOrderSchema } from '../../protocol/withdrawal.ts';
import type { CheckedItem, CheckedItems } from '../catalogue/catalogue.ts';
import type { BlobSource } from '../channel/channel.ts';
import { BatchRefused } from '../errors.ts';
import type { PrivateKey } from '../settings.ts';

interface Deps {
  readonly blobs: BlobSource;
  readonly transitKey: PrivateKey;
}

/**
 * The items of a manifest, fetched and opened where they are in a blob, and looked at one by one. What is wrong with one
 * item refuses that item; only what says that this is not the promised list refuses the batch.
 */
export async function takeItems(
  { items }: Manifest,
  deps: Deps,
  signal: AbortSignal,
): Promise<CheckedItems | undefined> {
  if (!items) return undefined;
  const wire = items.sealed ? await fetchSealed(items.sealed, deps, signal) : (items.inline ?? []);
  const judged = wire.map(judge);
  if (new Set(wire.map(({ id }) => id)).size !== wire.length) throw mismatch('an item is named twice');
  if (wire.length !== items.count) throw mismatch(`${items.count} items were promised, ${wire.length} came`);
  if (itemsDigest(judged) !== items.sha256) throw mismatch('the items are not the promised ones');
  return {
    count: items.count,
    sha256: items.sha256,
    accepted: judged.filter((item): item is CheckedItem => !('code' in item)),
    refused: judged.flatMap((item) => ('code' in item ? [{ id: item.id, code: item.code }] : [])),
  };
}

type Judged = CheckedItem | (Pick<WireItem, 'id'> & { readonly code: string; readonly body: Buffer });

function judge(item: WireItem): Judged {
  const { id, kind, at } = item;
  const body = bodyOf(item);
  if (!body) throw mismatch('the body of an item is no base64');
  const known = itemKindSchema.safeParse(kind);
  if (!known.success) return { id, body, code: 'KIND_UNKNOWN' };
  if (body.length > maxItemBytes) return { id, body, code: 'ITEM_TOO_LARGE' };
  if (known.data === 'withdrawal' && !isOrder(body)) return { id, body, code: 'ORDER_INVALID' };
  const caseId = known.data === 'findings' ? caseOfFindings(body) : undefined;
  return { id, kind: known.data, at, body, ...(caseId === undefined ? {} : { caseId }) };
}

function isOrder(body: Buffer): boolean {
  try {
    return deletionOrderSchema.safeParse(JSON.parse(body.toString('utf8'))).success;
  } catch {
    return false;
  }
}

async function fetchSealed(
  { blob, sha256: digest, bytes, keys }: NonNullable<ManifestItems['sealed']>,
  { blobs, transitKey }: Deps,
  signal: AbortSignal,
): Promise<readonly WireItem[]> {
  const sealed = await readWhole(await blobs.open(blob, signal), bytes);
  if (sha256(sealed) !== digest)
    throw new BatchRefused('DIGEST_MISMATCH', 'the blob of items is not the promised bytes');
  const { kid, ...privateKey } = transitKey;
  try {
    return openItemBlob(sealed, await open(keys as Envelope, { kid, privateKey }), 2 * maxItemBlobBytes);
  } catch (cause) {
    throw new BatchRefused('ITEMS_UNREADABLE', 'the blob of items cannot be opened', { cause });
  }
}

/** A blob that is committed does not change, so a wrong length is final; a broken transfer shows as a failure. */
async function readWhole(blob: Awaited<ReturnType<BlobSource['open']>>, bytes: number): Promise<Buffer> {
  try {
    if (blob.bytes !== bytes)
      throw new BatchRefused('DIGEST_MISMATCH', `the blob has ${blob.bytes} bytes, not ${bytes}`);
    const pieces: Uint8Array[] = [];
    for await (const piece of blob.content) pieces.push(piece);
    return Buffer.concat(pieces);
  } finally {
    blob.close();
  }
}

function mismatch(message: string): BatchRefused {
  return new BatchRefused('ITEMS_MISMATCH', message);
}
