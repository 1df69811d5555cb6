import type { Warning } from '../carto/index.ts';
import type { PackedFile } from './pack-writer.ts';

/** A pack that was written from the copy of a study: compressed chunks, and what is known of its files. Plain values. */
export interface CopiedPack {
  readonly frames: readonly Uint8Array[];
  readonly files: readonly PackedFile[];
  readonly warnings: readonly Warning[];
}

export function bytesOf({ frames }: CopiedPack): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}
