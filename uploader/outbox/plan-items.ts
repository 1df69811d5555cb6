import { type ItemClass, type ItemKind, itemClassOf, maxBatchItems, urgency } from '../../protocol/outbox.ts';

/** Limits of one batch of items. */
export interface ItemPolicy {
  readonly maxItems: number;
  /** Of the bodies together; a single item may have more. */
  readonly maxBytes: number;
  /** What is not urgent waits so long for more to come, unless a batch is full before. */
  readonly maxAgeMs: number;
}

export const defaultItemPolicy: ItemPolicy = { maxItems: 1000, maxBytes: 1024 * 1024, maxAgeMs: 60_000 };

/** An item by its place in the ledger. */
export interface ItemPlace {
  readonly segment: number;
  readonly n: number;
}

export interface QueuedItem extends ItemPlace {
  readonly kind: ItemKind;
  /** Of its body. */
  readonly bytes: number;
}

/** Room for items in a signed manifest, as JSON: with the frame, base64 and the signature it stays below 128 KiB. */
export const maxInlineBytes = 80 * 1024;

/** An item's JSON beside its body, and how much its body grows in it. A guess: the real length is looked at later. */
const frameBytes = 130;
const growth = 1.4;

/**
 * The next batch: items of a class, oldest first, as far as the limits let. While they fit into the manifest, queued
 * items of other classes go along, the most urgent first: they cost no event of their own. At least one item.
 */
export function planItems(
  itemClass: ItemClass,
  queued: readonly QueuedItem[],
  policy: ItemPolicy = defaultItemPolicy,
): readonly QueuedItem[] {
  const own = queued.filter(({ kind }) => itemClassOf[kind] === itemClass);
  const others = queued.filter(({ kind }) => itemClassOf[kind] !== itemClass).toSorted((a, b) => rankOf(a) - rankOf(b));
  const most = Math.min(policy.maxItems, maxBatchItems);
  const batch: QueuedItem[] = [];
  let bytes = 0;
  let inlineBytes = 0;
  for (const item of own) {
    if (batch.length === most || (batch.length > 0 && bytes + item.bytes > policy.maxBytes)) return batch;
    batch.push(item);
    bytes += item.bytes;
    inlineBytes += inlineSize(item);
  }
  for (const item of batch.length === 0 ? [] : others) {
    inlineBytes += inlineSize(item);
    bytes += item.bytes;
    if (batch.length === most || inlineBytes > maxInlineBytes || bytes > policy.maxBytes) break;
    batch.push(item);
  }
  return batch;
}

function inlineSize({ bytes }: QueuedItem): number {
  return frameBytes + Math.ceil(bytes * growth);
}

function rankOf({ kind }: QueuedItem): number {
  return urgency.indexOf(itemClassOf[kind]);
}

/** Classes whose items wait for others to come; all others go at once. */
const patient: ReadonlySet<ItemClass> = new Set<ItemClass>(['log', 'audit']);

/** What is queued of a class. */
export interface ClassQueue {
  readonly itemClass: ItemClass;
  /** When its oldest item came, in milliseconds of the epoch. */
  readonly oldestAtMs: number;
  /** As many items, or bytes, as one batch takes. */
  readonly isFull: boolean;
}

/** How long until a batch of a class may be made. A clock that was set back makes nobody wait longer than the limit. */
export function untilGatheredMs(queue: ClassQueue, wallMs: number, { maxAgeMs }: ItemPolicy): number {
  if (!patient.has(queue.itemClass) || queue.isFull) return 0;
  const ageMs = wallMs - queue.oldestAtMs;
  return ageMs < 0 ? 0 : Math.max(0, maxAgeMs - ageMs);
}
