/** Counts things by kind; order of first appearance. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(kind: string, count = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
  }

  counts(): { readonly kind: string; readonly count: number }[] {
    return Array.from(this.#counts, ([kind, count]) => ({ kind, count }));
  }
}
