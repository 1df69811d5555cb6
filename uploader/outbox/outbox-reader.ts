import {
  type ItemClass,
  type ItemKind,
  itemClassOf,
  itemKinds,
  kindsOf,
  maxBatchItems,
} from '../../protocol/outbox.ts';
import type { Statements } from '../statements.ts';
import type { ClassQueue, ItemPlace, ItemPolicy, QueuedItem } from './plan-items.ts';
import { bodyAt, unpack } from './store-items.ts';

/** Of one kind: what came in since the ledger was made, and where it is. `enqueued` is the sum of the others. */
export interface KindCounts {
  readonly kind: ItemKind;
  readonly enqueued: number;
  readonly queued: number;
  readonly sending: number;
  readonly parked: number;
  readonly delivered: number;
  readonly dropped: number;
  /** Bytes that are still here: queued, on their way or parked. */
  readonly bytes: number;
}

/** An item of a batch, without its body. */
export interface BatchItem extends ItemPlace {
  readonly id: string;
  readonly kind: ItemKind;
  readonly at: string;
}

/** An item with its body; undefined where what is stored cannot be read. */
export interface ReadItem extends BatchItem {
  readonly body: Uint8Array | undefined;
}

export interface ParkedItem {
  readonly id: string;
  readonly kind: ItemKind;
  readonly at: string;
  readonly bytes: number;
  readonly why: string;
}

/** How a batch of items travels. `sealed`: its blob, as far as it is made. */
export interface ItemBatch {
  readonly nameTry: number;
  readonly sealed?: {
    readonly key: Uint8Array;
    readonly envelope: string;
    readonly sha256: string;
    readonly bytes: number;
    /** Name of the committed blob; undefined until then. */
    readonly blob: string | undefined;
  };
}

/** What of other classes may go along is looked for among so many of each kind. */
const mostAlong = 600;

/** What the ledger says of the outbox. */
export class OutboxReader {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Counted from the rows themselves; kinds that never were enqueued are absent. */
  counts(): KindCounts[] {
    return this.#sql(
      `SELECT kind, enqueued, coalesce(rows - batched - parked, 0) AS queued, coalesce(batched, 0) AS sending,
         coalesce(parked, 0) AS parked, delivered, dropped, coalesce(here, 0) AS bytes
       FROM outbox_counts LEFT JOIN (
         SELECT kind, count(*) AS rows, count(batch) AS batched, count(parked) AS parked, sum(bytes) AS here
         FROM outbox_items GROUP BY kind
       ) USING (kind) ORDER BY kind`,
    ).all() as KindCounts[];
  }

  /** Items of all kinds since the ledger was made, whatever the outbox holds: costs the same with a million in it. */
  totals(): { readonly enqueued: number; readonly delivered: number; readonly dropped: number } {
    return this.#sql(
      `SELECT coalesce(sum(enqueued), 0) AS enqueued, coalesce(sum(delivered), 0) AS delivered,
         coalesce(sum(dropped), 0) AS dropped FROM outbox_counts`,
    ).get() as { enqueued: number; delivered: number; dropped: number };
  }

  /** When the oldest item that is still here came. */
  oldestAt(): string | undefined {
    const row = this.#sql('SELECT at FROM outbox_segments ORDER BY segment LIMIT 1').get();
    return (row as { at: string } | undefined)?.at;
  }

  /** When the oldest item came that waits for its batch. Costs a few steps of an index for each kind. */
  oldestQueuedAt(): string | undefined {
    return itemKinds
      .flatMap((kind) => this.#headOf(kind)?.at ?? [])
      .toSorted()
      .at(0);
  }

  /** Items that wait for a person, oldest first. */
  parked(): ParkedItem[] {
    const rows = this.#sql(
      `SELECT segment, n, mark, kind, at, bytes, parked AS why FROM outbox_items JOIN outbox_segments USING (segment)
       WHERE parked IS NOT NULL ORDER BY segment, n`,
    ).all() as (Place & Omit<ParkedItem, 'id'>)[];
    return rows.map(({ segment, n, mark, ...rest }) => ({ id: idOf({ segment, n, mark }), ...rest }));
  }

  /** Whether there is such a parked item. */
  isParked(place: ItemPlace & { readonly mark: string }): boolean {
    const one = this.#sql(
      `SELECT 1 FROM outbox_items JOIN outbox_segments USING (segment)
       WHERE segment = ? AND n = ? AND mark = ? AND parked IS NOT NULL`,
    );
    return one.get(place.segment, place.n, place.mark) !== undefined;
  }

  /** The classes of which something is queued. Costs a few steps of an index for each kind, however much there is. */
  queuedClasses({ maxItems, maxBytes }: ItemPolicy): ClassQueue[] {
    const found = new Map<ItemClass, ClassQueue>();
    for (const kind of itemKinds) {
      const head = this.#headOf(kind);
      if (!head) continue;
      const itemClass = itemClassOf[kind];
      const { items, bytes } = this.#sql(
        `SELECT count(*) AS items, sum(bytes) AS bytes FROM (
           SELECT bytes FROM outbox_items WHERE kind = ? AND batch IS NULL AND parked IS NULL ORDER BY segment, n LIMIT ?)`,
      ).get(kind, Math.min(maxItems, maxBatchItems)) as { items: number; bytes: number };
      const oldestAtMs = Math.min(Date.parse(head.at), found.get(itemClass)?.oldestAtMs ?? Number.POSITIVE_INFINITY);
      const isFull =
        items >= Math.min(maxItems, maxBatchItems) || bytes >= maxBytes || found.get(itemClass)?.isFull === true;
      found.set(itemClass, { itemClass, oldestAtMs, isFull });
    }
    return [...found.values()];
  }

  /** What a batch of a class may be made of: its own queued items first, oldest first, then some of other classes. */
  queuedItems(itemClass: ItemClass, limit: number): QueuedItem[] {
    const own = kindsOf(itemClass).flatMap((kind) => this.#queued(kind, limit));
    const others = itemKinds.filter((kind) => itemClassOf[kind] !== itemClass);
    return [
      ...own.toSorted((a, b) => a.segment - b.segment || a.n - b.n),
      ...others.flatMap((kind) => this.#queued(kind, mostAlong)),
    ];
  }

  /** The items of a batch, in the order in which they travel, with their bodies. */
  readBatch(batchId: string): ReadItem[] {
    const rows = this.#sql(
      `SELECT segment, n, mark, kind, at, start, bytes FROM outbox_items JOIN outbox_segments USING (segment)
       WHERE batch = (SELECT seq FROM batches WHERE batch_id = ?) ORDER BY segment, n`,
    ).all(batchId) as (Place & { kind: ItemKind; at: string; start: number; bytes: number })[];
    let open: { readonly segment: number; readonly bodies: Uint8Array | undefined } | undefined;
    return rows.map(({ start, bytes, mark, ...item }) => {
      if (open?.segment !== item.segment) open = { segment: item.segment, bodies: this.#bodies(item.segment) };
      const { bodies } = open;
      const body = bodies && start + bytes <= bodies.length ? bodies.subarray(start, start + bytes) : undefined;
      return { ...item, id: idOf({ ...item, mark }), body };
    });
  }

  /** The body of one item; undefined when there is none, or it cannot be read. */
  bodyAt(place: ItemPlace): Uint8Array | undefined {
    return bodyAt(this.#sql, place);
  }

  itemBatch(batchId: string): ItemBatch | undefined {
    const row = this.#sql(
      `SELECT name_try AS nameTry, sealed_key AS key, envelope, blob_sha256 AS sha256, blob_bytes AS bytes, blob
       FROM item_batches WHERE batch_id = ?`,
    ).get(batchId) as (Record<'envelope' | 'sha256', string> & BlobRow) | undefined;
    if (!row) return undefined;
    const { nameTry, key, envelope, sha256, bytes, blob } = row;
    return { nameTry, ...(key ? { sealed: { key, envelope, sha256, bytes, blob: blob ?? undefined } } : {}) };
  }

  /** Undefined when what is stored cannot be unpacked. */
  #bodies(segment: number): Uint8Array | undefined {
    const row = this.#sql('SELECT packing, bodies FROM outbox_segments WHERE segment = ?').get(segment);
    const { packing, bodies } = row as { packing: string; bodies: Uint8Array };
    try {
      return unpack(packing, bodies);
    } catch {
      return undefined;
    }
  }

  /** The oldest segment with a queued item of a kind. */
  #headOf(kind: ItemKind): { readonly at: string } | undefined {
    return this.#sql(
      `SELECT at FROM outbox_segments WHERE segment = (
         SELECT segment FROM outbox_items WHERE kind = ? AND batch IS NULL AND parked IS NULL ORDER BY segment LIMIT 1)`,
    ).get(kind) as { at: string } | undefined;
  }

  #queued(kind: ItemKind, limit: number): QueuedItem[] {
    return this.#sql(
      `SELECT segment, n, kind, bytes FROM outbox_items WHERE kind = ? AND batch IS NULL AND parked IS NULL
       ORDER BY segment, n LIMIT ?`,
    ).all(kind, limit) as QueuedItem[];
  }
}

interface Place extends ItemPlace {
  readonly mark: string;
}

interface BlobRow {
  readonly nameTry: number;
  readonly key: Uint8Array | null;
  readonly bytes: number;
  readonly blob: string | null;
}

function idOf({ mark, segment, n }: Place): string {
  return `itm-${mark}-${segment}-${n}`;
}
