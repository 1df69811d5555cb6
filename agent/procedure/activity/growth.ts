/** Names that are looked at in one folder; one with more is no live folder. */
export const mostFiles = 2_000;
/** Folders below it. */
export const deepest = 3;

/** The sizes of files as they were last seen, to tell what grew. */
export class Sizes {
  readonly #sizes = new Map<string, number>();

  /** Bytes that a file has gained since it was last seen. One that became shorter was written anew. */
  grown(path: string, size: number): number {
    const before = this.#sizes.get(path) ?? 0;
    this.#sizes.set(path, size);
    return size >= before ? size - before : size;
  }

  gone(path: string): void {
    this.#sizes.delete(path);
  }

  get count(): number {
    return this.#sizes.size;
  }
}

export const minuteMs = 60_000;

/** Bytes of the last minute, kept by the second. */
export class Rate {
  #seconds: { readonly second: number; bytes: number }[] = [];

  add(bytes: number, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    const last = this.#seconds.at(-1);
    if (last?.second === second) last.bytes += bytes;
    else if (bytes > 0) this.#seconds.push({ second, bytes });
  }

  bytesPerMinute(nowMs: number): number {
    this.#seconds = this.#seconds.filter(({ second }) => second * 1000 > nowMs - minuteMs);
    return this.#seconds.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  forget(): void {
    this.#seconds = [];
  }
}
