import type { Sha256 } from '../../core/digest.ts';

/** What an object will be, promised before its bytes come. */
export interface ObjectOrder {
  readonly sha256: Sha256;
  readonly bytes: number;
  /**
   * Called with a local path when all bytes are there and fsynced, before the object gets its name: an object is
   * never visible unproved. What it throws is thrown on, and nothing is kept.
   */
  readonly prove: (path: string) => Promise<void>;
}

/**
 * The receiver's own copies, named by the SHA-256 of their bytes. Create-only: an object that is there is not written
 * again. What `put` returned survives a power cut.
 */
export interface Objects {
  /** Rejects with BatchRefused DIGEST_MISMATCH when the bytes are not the promised ones, DISK_FULL when none fit. */
  put(order: ObjectOrder, content: AsyncIterable<Uint8Array>): Promise<void>;
  has(sha256: Sha256): Promise<boolean>;
  /** Path of a local file with the object's bytes, read-only. Rejects with OBJECT_MISSING. */
  open(sha256: Sha256): Promise<string>;
  list(): Promise<readonly Sha256[]>;
  remove(sha256: Sha256): Promise<void>;
  /** At start: removes what killed writes left. Returns how many there were. */
  sweep(): Promise<number>;
}
