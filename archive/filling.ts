import type { FileOrder, StudyCopy } from '../carto/index.ts';
import type { ArchiveBuild } from './archive-build.ts';
import type { BuildsOrder } from './build.ts';
import type { CopiedPack } from './copied-pack.ts';
import type { Pack } from './pack.ts';
import { PackLine } from './pack-line.ts';
import { writePack } from './pack-writer.ts';
import type { EnterStep } from './step.ts';

interface Deps {
  readonly order: Pick<BuildsOrder, 'study' | 'checkpoint' | 'hire'>;
  readonly builds: readonly ArchiveBuild[];
  readonly enter: EnterStep;
}

/** A pack with what another thread needs to write it; undefined for one that is written at the study's desk. */
interface Planned {
  readonly pack: Pack;
  readonly orders: readonly FileOrder[] | undefined;
}

/** A larger file is written at the desk, chunk by chunk: a copied pack is in memory as a whole. */
const maxCopiedBytes = 8 << 20;

/**
 * Fills the archives of a case with its packs. Most are written from a copy of what the study's writers know: in any
 * order, by two threads. They go in as planned, so that the bytes do not depend on who made what. What the copy cannot
 * write follows in order at the desk itself, which may learn from it.
 */
export class Filling {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async run(packs: readonly Pack[]): Promise<void> {
    await this.#deps.enter('plan');
    const copy = this.#deps.order.study.copy();
    if (!copy) {
      for (const pack of packs) await this.#write(pack);
      return;
    }
    const planned = spread(packs.map((pack) => ({ pack, orders: ordersOf(pack) })));
    const copied = await this.#runCopied(planned, copy);
    if (copy.isOutdated) for (const pack of copied) await this.#lookAgain(pack);
  }

  /** Resolves to the packs that were written from the copy. */
  async #runCopied(planned: readonly Planned[], copy: StudyCopy): Promise<readonly Pack[]> {
    const { order, enter } = this.#deps;
    const { checkpoint, hire } = order;
    const job = { desk: copy.desk, packs: planned.flatMap(({ orders }) => (orders ? [orders] : [])) };
    await enter('plan');
    const line = await PackLine.begin({ job, hire, checkpoint, enter });
    const [copied, refused]: [Pack[], Pack[]] = [[], []];
    try {
      let next = 0;
      for (const { pack, orders } of planned) {
        if (!orders) {
          await this.#write(pack);
          continue;
        }
        const made = await line.next(next++);
        if (made) {
          await this.#insert(pack, made);
          copy.absorb(made.warnings);
          copied.push(pack);
        } else refused.push(pack);
      }
      for (const pack of refused) await this.#write(pack);
      return copied;
    } finally {
      await line.end();
    }
  }

  async #insert(pack: Pack, { frames, files }: CopiedPack): Promise<void> {
    const into = this.#into(pack);
    for (const frame of frames) for (const { build } of into) await build.put(frame);
    for (const { build, first } of into) build.add(files, first);
  }

  /** Writes a pack at the study's desk, into all the archives that hold it. */
  async #write(pack: Pack): Promise<void> {
    const into = this.#into(pack);
    const put = async (frame: Buffer) => {
      for (const { build } of into) await build.put(frame);
    };
    const files = await writePack({ files: pack.files, enter: this.#deps.enter, put });
    for (const { build, first } of into) build.add(files, first);
  }

  async #lookAgain({ files }: Pack): Promise<void> {
    for (const file of files) {
      for await (const _ of file.open({ transient: true })) await this.#deps.enter('read');
    }
  }

  #into({ archives }: Pack) {
    return archives.flatMap((at) => {
      const build = this.#deps.builds[at];
      return build ? [{ build, first: build.next }] : [];
    });
  }
}

function ordersOf({ files }: Pack): readonly FileOrder[] | undefined {
  const orders = files.map(({ order }) => order);
  if (!orders.every((order) => order !== undefined)) return undefined;
  return orders.reduce((sum, { bytes }) => sum + bytes, 0) <= maxCopiedBytes ? orders : undefined;
}

/**
 * Packs of the desk spread evenly among the copied ones, each in their order: so that while this thread is at the desk,
 * what the other makes meanwhile is soon wanted.
 */
function spread(planned: readonly Planned[]): readonly Planned[] {
  const [copied, own] = [planned.filter(({ orders }) => orders), planned.filter(({ orders }) => !orders)];
  const ranked = [copied, own].flatMap((some) => some.map((one, at) => ({ one, rank: (at + 0.5) / some.length })));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ one }) => one);
}
