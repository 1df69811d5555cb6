/**
 * What follows from the refusal of a batch of items.
 *
 * - `again`: the blob got lost or changed on its way, the items are still here: they go once more, under a new name
 * - `split`: something in it is at fault, nobody said what: each half goes in a batch of its own
 * - `park`: the one item left is at fault; it waits for a person
 */
export type ItemsRefusalPlan = 'again' | 'split' | 'park';

/** Refusals that say nothing about the items, only about what arrived. */
const lostOnTheWay = new Set(['BLOB_LOST', 'DIGEST_MISMATCH']);

/** So often the same items are sent in all; then they are divided. Twelve halvings divide the largest batch. */
const maxTries = 5;

/** What to do about a refused batch. Ends: there are fewer tries left, or fewer items, each time. */
export function planAfterItemsRefusal(
  code: string,
  batch: { readonly items: number; readonly tries: number },
): ItemsRefusalPlan {
  if (lostOnTheWay.has(code) && batch.tries < maxTries) return 'again';
  return batch.items > 1 ? 'split' : 'park';
}
