import { type Copyist, type FileOrder, NotInCopy, type Warning } from '../carto/index.ts';
import { type PackedFile, writePack } from './pack-writer.ts';
import type { EnterStep } from './step.ts';

/** A pack that was written from the copy of a study: compressed chunks, and what is known of its files. Plain values. */
export interface CopiedPack {
  readonly frames: readonly Uint8Array[];
  readonly files: readonly PackedFile[];
  readonly warnings: readonly Warning[];
}

/** Undefined where a file of the pack can be written at the study's own desk alone. Memory: the compressed pack. */
export async function copyPack(
  copyist: Copyist,
  orders: readonly FileOrder[],
  enter: EnterStep,
): Promise<CopiedPack | undefined> {
  const frames: Uint8Array[] = [];
  copyist.takeWarnings();
  try {
    const open = (order: FileOrder) => () => copyist.open(order);
    const files = orders.map((order) => ({ name: order.name, kind: order.kind, open: open(order) }));
    const packed = await writePack({ files, enter, put: (frame) => void frames.push(frame) });
    return { frames, files: packed, warnings: copyist.takeWarnings() };
  } catch (error) {
    if (error instanceof NotInCopy) return undefined;
    throw error;
  }
}

export function bytesOf({ frames }: CopiedPack): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}
