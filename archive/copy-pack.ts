import { type Copyist, type FileOrder, NotInCopy } from '../carto/index.ts';
import type { CopiedPack } from './copied-pack.ts';
import { writePack } from './pack-writer.ts';
import type { EnterStep } from './step.ts';

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
