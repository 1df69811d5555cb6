/**
 * An item's id: ten random base-32 digits that everything stored in one go shares, the number of that going, and the
 * item's place in it. Says nothing about a patient; the random part keeps it apart from what a ledger that was lost gave.
 * Plain, because the ledger's thread needs it and no schema besides.
 */
export const itemIdPattern = /^itm-[a-z2-7]{10}-[0-9]{1,15}-[0-9]{1,4}$/;

/** Where an item stands in its ledger, and the random part of its id. Throws on what is no item's id. */
export function placeOf(id: string): { readonly segment: number; readonly n: number; readonly mark: string } {
  if (!itemIdPattern.test(id)) throw new RangeError('what is no item has no place in the ledger');
  const [, mark = '', segment, n] = id.split('-');
  return { segment: Number(segment), n: Number(n), mark };
}
