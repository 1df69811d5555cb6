import { z } from 'zod';
import { itemIdPattern } from './item-id.ts';

/** Largest body of one item, in bytes. */
export const maxItemBytes = 256 * 1024;

/**
 * In which order things leave the appliance, the most urgent first. Items of the outbox and the archives of cases share
 * this one order; ageing lets whatever was passed over often enough overtake it.
 */
export const urgency = [
  'safety',
  'receipt',
  'twin',
  'findings',
  'review',
  'log',
  'audit',
  'study',
] as const satisfies readonly string[];
export type Urgency = (typeof urgency)[number];

/** The class of archives is their tier; these are the classes of items. */
export type ItemClass = Exclude<Urgency, 'review' | 'study'>;

/**
 * What the outbox carries, and how urgent it is.
 *
 * - `safety`: something that people must hear of
 * - `withdrawal`: the order to erase what was delivered
 * - `receipt`: proof of something done on the appliance, such as an erasure
 * - `twin`: what does not fit into the reported properties
 * - `findings`: small results of an analysis
 * - `log`: lines of the appliance's log; `telemetry`: counts of its health
 * - `audit`: segments of the audit log
 */
// biome-ignore format: the columns are the documentation
export const itemClassOf = {
  safety:     'safety',
  withdrawal: 'safety',
  receipt:    'receipt',
  twin:       'twin',
  findings:   'findings',
  log:        'log',
  telemetry:  'log',
  audit:      'audit',
} as const satisfies Readonly<Record<string, ItemClass>>;

export type ItemKind = keyof typeof itemClassOf;
export const itemKinds = Object.keys(itemClassOf) as readonly ItemKind[];
export const itemKindSchema = z.enum(itemKinds as [ItemKind, ...ItemKind[]]);

/** The kinds of a class. */
export function kindsOf(itemClass: ItemClass): readonly ItemKind[] {
  return itemKinds.filter((kind) => itemClassOf[kind] === itemClass);
}

export const itemIdSchema = z.string().regex(itemIdPattern);

/** Most items in one batch. */
export const maxBatchItems = 4096;

/**
 * An item on the wire. `kind` is a word that this receiver may not know: then it refuses the item, not its batch.
 * `body`: text, or base64 where `base64` stands beside it.
 */
export const wireItemSchema = z.strictObject({
  id: itemIdSchema,
  kind: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  at: z.iso.datetime(),
  body: z.string().max(Math.ceil((maxItemBytes * 4) / 3) + 4),
  base64: z.literal(true).exactOptional(),
});
export type WireItem = z.infer<typeof wireItemSchema>;

/** The plaintext of a sealed blob of items: JSON, compressed with zstd. */
export const itemPackSchema = z.array(wireItemSchema).min(1).max(maxBatchItems);
