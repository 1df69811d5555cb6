/**
 * Decides when an entry has stopped growing: its signature must stay the same for `quietMs` on the monotonic clock.
 * Kept in memory only: after a restart the time is counted again.
 */
export class QuietTimes {
  readonly #quietMs: number;
  readonly #seen = new Map<string, { readonly signature: string; readonly sinceMs: number }>();

  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /** Notes what was seen and tells how many milliseconds of quiet are still missing; 0 = settled. */
  observe(entryKey: string, signature: string, nowMs: number): number {
    const before = this.#seen.get(entryKey);
    if (before?.signature === signature) return Math.max(0, before.sinceMs + this.#quietMs - nowMs);
    this.#seen.set(entryKey, { signature, sinceMs: nowMs });
    return this.#quietMs;
  }

  forget(entryKey: string): void {
    this.#seen.delete(entryKey);
  }
}
