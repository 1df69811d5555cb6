import { parseNumber } from '../grammar/number.ts';
import type { Fields } from './fields.ts';

/** Elements of the study XML that announce how many of another they hold. */
const counted: ReadonlyMap<string, string> = new Map([
  ['Maps', 'Map'],
  ['ColoringTable', 'Coloring'],
  ['TagsTable', 'Tag'],
  ['ColoringRangeTable', 'ColoringRange'],
  ['CartoPoints', 'Point'],
]);

/** Compares what lists announce with what they hold. */
export class ListCounts {
  mismatches = 0;
  readonly #open: { readonly of: string; readonly announced: number | undefined; found: number }[] = [];

  /** Lists stand in each other (points of maps): the innermost one of a kind counts. */
  enter(name: string, fields: Fields): void {
    const list = this.#open.findLast(({ of }) => of === name);
    if (list) list.found++;
    const of = counted.get(name);
    if (of !== undefined) this.#open.push({ of, announced: parseNumber(fields.text('Count') ?? ''), found: 0 });
  }

  leave(name: string): void {
    if (!counted.has(name)) return;
    const list = this.#open.pop();
    if (list?.announced !== undefined && list.announced !== list.found) this.mismatches++;
  }
}
