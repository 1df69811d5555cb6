import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { ItemKind } from '../../protocol/outbox.ts';
import { LedgerError } from '../ledger-error.ts';
import type { Statements } from '../statements.ts';
import type { ItemPlace } from './plan-items.ts';

/** Items that are enqueued in one go. */
export interface NewSegment {
  /** Ten random base-32 digits; see `itemIdSchema`. */
  readonly mark: string;
  readonly at: string;
  readonly items: readonly { readonly kind: ItemKind; readonly bytes: number }[];
  /** The items' bodies, end to end. */
  readonly bodies: Uint8Array;
}

/** Most items in one segment, and bytes of their bodies, unless one item alone has more: so much is read at a time. */
export const maxSegmentItems = 1024;
export const maxSegmentBytes = 1024 * 1024;

/** Of what is large, so much is tried first: what is encrypted already is not worth a writer's time. */
const sampleBytes = 16 * 1024;

/** Bodies shorter than this gain nothing. */
const leastToCompress = 256;

/** Stores items, queued. Returns the number of their segment: the n-th has the id `itm-MARK-SEGMENT-N`, from 0. */
export function storeItems(sql: Statements, { mark, at, items, bodies }: NewSegment): number {
  const total = items.reduce((sum, { bytes }) => sum + bytes, 0);
  if (items.length === 0 || total !== bodies.length) {
    throw new LedgerError(
      'NOT_STORED',
      `${items.length} items of ${total} bytes do not fit their ${bodies.length} bytes`,
    );
  }
  const packed = pack(bodies);
  const segment = nextSegment(sql);
  sql('INSERT INTO outbox_segments (segment, mark, at, packing, bodies) VALUES (?, ?, ?, ?, ?)').run(
    ...[segment, mark, at, packed.packing, packed.bytes],
  );
  const insert = sql('INSERT INTO outbox_items (segment, n, kind, start, bytes) VALUES (?, ?, ?, ?, ?)');
  const tally = new Map<ItemKind, { items: number; bytes: number }>();
  let start = 0;
  for (const [n, { kind, bytes }] of items.entries()) {
    insert.run(segment, n, kind, start, bytes);
    start += bytes;
    const sum = tally.get(kind) ?? { items: 0, bytes: 0 };
    tally.set(kind, { items: sum.items + 1, bytes: sum.bytes + bytes });
  }
  for (const [kind, sum] of tally) {
    sql(
      `INSERT INTO outbox_counts (kind, enqueued, enqueued_bytes) VALUES (?, ?, ?)
       ON CONFLICT (kind) DO UPDATE SET enqueued = enqueued + excluded.enqueued,
         enqueued_bytes = enqueued_bytes + excluded.enqueued_bytes`,
    ).run(kind, sum.items, sum.bytes);
  }
  return segment;
}

/** The body of one item; undefined when there is none, or it cannot be read. */
export function bodyAt(sql: Statements, { segment, n }: ItemPlace): Uint8Array | undefined {
  const row = sql(
    `SELECT start, bytes, packing, bodies FROM outbox_items JOIN outbox_segments USING (segment)
     WHERE segment = ? AND n = ?`,
  ).get(segment, n) as { start: number; bytes: number; packing: string; bodies: Uint8Array } | undefined;
  try {
    return row && unpack(row.packing, row.bodies).subarray(row.start, row.start + row.bytes);
  } catch {
    return undefined;
  }
}

/** Zeroes an item's bytes where other items of its segment stay. */
export function blankItem(sql: Statements, { segment, n }: ItemPlace): void {
  const row = sql(
    `SELECT start, bytes, packing, bodies FROM outbox_items JOIN outbox_segments USING (segment)
     WHERE segment = ? AND n = ?`,
  ).get(segment, n) as { start: number; bytes: number; packing: string; bodies: Uint8Array };
  const bodies = Buffer.from(unpack(row.packing, row.bodies)).fill(0, row.start, row.start + row.bytes);
  const packed = pack(bodies);
  sql('UPDATE outbox_segments SET packing = ?, bodies = ? WHERE segment = ?').run(
    ...[packed.packing, packed.bytes, segment],
  );
}

/** Segments whose last item is gone go too. */
export function dropEmptySegments(sql: Statements, segments: readonly number[]): void {
  const drop = sql(
    `DELETE FROM outbox_segments WHERE segment = ?
     AND NOT EXISTS (SELECT 1 FROM outbox_items WHERE outbox_items.segment = outbox_segments.segment)`,
  );
  for (const segment of segments) drop.run(segment);
}

/** One after the last that is stored, so that the order of segments is the order in which they came. */
function nextSegment(sql: Statements): number {
  const { last } = sql('SELECT max(segment) AS last FROM outbox_segments').get() as { last: number | null };
  return (last ?? 0) + 1;
}

type Packing = 'plain' | 'zstd';

/** What is written twice (log, then database) is worth compressing first. */
function pack(bodies: Uint8Array): { readonly packing: Packing; readonly bytes: Uint8Array } {
  if (bodies.length < leastToCompress) return { packing: 'plain', bytes: bodies };
  if (bodies.length > 4 * sampleBytes && !isWorthIt(bodies.subarray(0, sampleBytes))) {
    return { packing: 'plain', bytes: bodies };
  }
  const packed = zstdCompressSync(bodies, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return packed.length < bodies.length * 0.9 ? { packing: 'zstd', bytes: packed } : { packing: 'plain', bytes: bodies };
}

function isWorthIt(sample: Uint8Array): boolean {
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  return zstdCompressSync(sample, { params }).length < sample.length * 0.9;
}

/** The bodies of a segment, end to end. */
export function unpack(packing: string, bytes: Uint8Array): Uint8Array {
  return packing === 'zstd' ? zstdDecompressSync(bytes) : bytes;
}
