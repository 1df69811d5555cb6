const kibibyte = 1024;
const firstBlock = 256 * kibibyte;
const smallestBlock = 64 * kibibyte;
const largestBlock = 8 * 1024 * kibibyte;

/** A blob has at most 50 000 blocks; some room is left for blocks that were cut smaller. */
const mostBlocks = 40_000;

/** A block should take so long; twice as long is the promise, since rates change. */
const aimMs = 1_000;

/** So much larger than the last one a block is at most, however fast that was. */
const growth = 8;

/** What is known of the way to the blob endpoint. */
export interface Pace {
  /** Smoothed over the last blocks; undefined before the first. */
  readonly bytesPerMs: number | undefined;
  /** The next block is at most so large: sizes grow step by step. */
  readonly limitBytes: number;
}

export const unknownPace: Pace = { bytesPerMs: undefined, limitBytes: firstBlock };

/** After a block of `bytes` took `ms`. */
export function paced(pace: Pace, bytes: number, ms: number): Pace {
  const now = bytes / Math.max(ms, 1);
  const bytesPerMs = pace.bytesPerMs === undefined ? now : (pace.bytesPerMs + now) / 2;
  return { bytesPerMs, limitBytes: Math.min(largestBlock, Math.max(pace.limitBytes, growth * bytes)) };
}

/** After a block failed on its way: the next ones are half as large, so that a bad line still makes progress. */
export function slowed({ bytesPerMs, limitBytes }: Pace): Pace {
  return {
    bytesPerMs: bytesPerMs === undefined ? undefined : bytesPerMs / 2,
    limitBytes: Math.max(smallestBlock, Math.floor(limitBytes / 2)),
  };
}

/** Size of the next block of an archive: what the measured rate moves in a second, 64 KiB to 8 MiB. */
export function nextBlockBytes({ bytesPerMs, limitBytes }: Pace, archiveBytes: number): number {
  const wanted = bytesPerMs === undefined ? firstBlock : bytesPerMs * aimMs;
  const least = Math.max(smallestBlock, Math.ceil(archiveBytes / mostBlocks));
  const rounded = Math.floor(Math.min(wanted, limitBytes, largestBlock) / (64 * kibibyte)) * 64 * kibibyte;
  return Math.max(rounded, least);
}

/** The pace as it is now, kept from one archive to the next. */
export class Pacer {
  #pace = unknownPace;

  nextBlockBytes(archiveBytes: number): number {
    return nextBlockBytes(this.#pace, archiveBytes);
  }

  took(bytes: number, ms: number): void {
    this.#pace = paced(this.#pace, bytes, ms);
  }

  failed(): void {
    this.#pace = slowed(this.#pace);
  }
}

/** A run of bytes. */
export interface Extent {
  readonly start: number;
  readonly bytes: number;
}

/** The first bytes that no extent covers, at most `sizeBytes` of them; undefined when everything is covered. */
export function nextExtent(totalBytes: number, covered: readonly Extent[], sizeBytes: number): Extent | undefined {
  let start = 0;
  let end = totalBytes;
  for (const extent of covered.toSorted((a, b) => a.start - b.start)) {
    if (extent.start > start) {
      end = extent.start;
      break;
    }
    start = Math.max(start, extent.start + extent.bytes);
  }
  return start >= totalBytes ? undefined : { start, bytes: Math.min(sizeBytes, end - start) };
}
