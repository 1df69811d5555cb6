import { randomDigits } from '../../protocol/ids.ts';
import { type ItemKind, itemKinds, maxItemBytes } from '../../protocol/outbox.ts';
import { LedgerError } from '../ledger-error.ts';
import { maxSegmentBytes, maxSegmentItems, type NewSegment } from './store-items.ts';

/** Something to be brought to the cloud side. Text is stored as UTF-8. No patient data in any kind but `findings`. */
export interface NewItem {
  readonly kind: ItemKind;
  readonly body: string | Uint8Array;
}

interface Waiting {
  readonly kind: ItemKind;
  readonly body: Uint8Array;
  readonly resolve: (id: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Stores a segment durably and answers with its number. */
type Store = (segment: Omit<NewSegment, 'at'>) => Promise<number>;

/**
 * Gathers what is enqueued while the segment before is being stored, so that many callers share one message to the
 * writer, one row of bodies and one fsync. Nobody waits for others to come: the first goes at once.
 */
export class EnqueueDoor {
  readonly #store: Store;
  #waiting: Waiting[] = [];
  #isStoring = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves with the item's id when it is on disk, fsynced. Rejects with ITEM_REFUSED, or what the ledger says. */
  enqueue({ kind, body }: NewItem): Promise<string> {
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
    const flaw = flawOf(kind, bytes);
    if (flaw !== undefined) return Promise.reject(new LedgerError('ITEM_REFUSED', flaw));
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ kind, body: bytes, resolve, reject });
    if (!this.#isStoring) {
      this.#isStoring = true;
      // Everybody who was answered by the last segment gets to enqueue again before the next one goes.
      setImmediate(() => void this.#run());
    }
    return promise;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#storeNext(this.#take());
      await new Promise(setImmediate);
    }
    this.#isStoring = false;
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { body } of this.#waiting) {
      bytes += body.length;
      if (count === maxSegmentItems || (count > 0 && bytes > maxSegmentBytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #storeNext(items: readonly Waiting[]): Promise<void> {
    const mark = randomDigits(10);
    try {
      const segment = await this.#store({
        mark,
        items: items.map(({ kind, body }) => ({ kind, bytes: body.length })),
        bodies: Buffer.concat(items.map(({ body }) => body)),
      });
      for (const [n, { resolve }] of items.entries()) resolve(`itm-${mark}-${segment}-${n}`);
    } catch (error) {
      for (const { reject } of items) reject(error);
    }
  }
}

/** Why an item cannot be taken; undefined when it can. */
export function flawOf(kind: string, { length }: Uint8Array): string | undefined {
  if (!(itemKinds as readonly string[]).includes(kind)) return 'an item is of a kind that the outbox does not carry';
  if (length > maxItemBytes) return `an item has ${length} bytes, at most ${maxItemBytes} are taken`;
  return undefined;
}
