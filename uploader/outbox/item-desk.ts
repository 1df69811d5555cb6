import { randomBytes } from 'node:crypto';
import { openBytes, sealBytes } from '../../core/boxed-text.ts';
import { sha256 } from '../../core/digest.ts';
import { type Recipient, seal } from '../../core/envelope.ts';
import { codeOf } from '../../core/errors.ts';
import type { Gate } from '../../core/gate.ts';
import type { Log } from '../../core/log.ts';
import { type Manifest, type ManifestItems, manifestSchema } from '../../protocol/batch.ts';
import { itemsDigest, sealItemBlob, wireItem } from '../../protocol/item-pack.ts';
import type { ItemClass, WireItem } from '../../protocol/outbox.ts';
import { defaultBatchPolicy } from '../batch-plan.ts';
import type { EndpointDeps } from '../blob-endpoint.ts';
import { gated } from '../gated.ts';
import type { Ledger } from '../ledger.ts';
import type { LedgerReader } from '../ledger-reader.ts';
import type { OpenBatch } from '../ledger-records.ts';
import type { TicketBook } from '../ticket-book.ts';
import { uploadItemBlob } from './item-upload.ts';
import type { ReadItem } from './outbox-reader.ts';
import { type ItemPolicy, planItems } from './plan-items.ts';

export interface ItemDeskDeps extends EndpointDeps {
  readonly ledger: Ledger;
  readonly gate: Gate;
  readonly log: Log;
  readonly tickets: TicketBook;
  readonly device: string;
  readonly storageKey: { readonly secret: Uint8Array };
  /** Who can open blobs of items. */
  readonly recipients: readonly Recipient[];
  readonly policy: ItemPolicy;
}

interface SealedBlob {
  readonly bytes: Buffer;
  readonly envelope: string;
}

/**
 * Makes batches of what is queued, and brings them as far as their manifest: inline where the items fit into it, else as
 * one sealed blob. An item that cannot be read is parked by itself. Each step passes the gate.
 */
export class ItemDesk {
  readonly #deps: ItemDeskDeps;

  constructor(deps: ItemDeskDeps) {
    this.#deps = deps;
  }

  /** Puts what is queued of a class, or as much as fits, into a new batch. */
  async gather(itemClass: ItemClass, signal: AbortSignal): Promise<void> {
    const { ledger, gate, policy } = this.#deps;
    await gated({ gate, name: 'batch', signal }, async () => {
      const items = planItems(itemClass, ledger.read.outbox.queuedItems(itemClass, policy.maxItems), policy);
      if (items.length > 0) await ledger.batchItems(itemClass, items);
    });
  }

  /** Takes a batch on until its manifest is fixed. Throws UploadError; the ledger then says how far it came. */
  async forward(batch: OpenBatch, signal: AbortSignal): Promise<void> {
    const { ledger, gate, log } = this.#deps;
    const { batchId } = batch;
    const items = await gated({ gate, name: 'batch', signal }, () => this.#readable(batchId));
    if (items.length === 0) return;
    const wire = items.map(wireItem);
    const digest = itemsDigest(items);
    const content = { count: items.length, sha256: digest };
    const frame: Manifest = {
      v: 1,
      batch: batchId,
      device: this.#deps.device,
      createdAt: batch.createdAt,
      archives: [],
      audit: ledger.read.audit.head,
    };
    const inline = JSON.stringify({ ...frame, items: { ...content, inline: wire } });
    let sealed: ManifestItems['sealed'];
    if (Buffer.byteLength(inline) > defaultBatchPolicy.maxEntryBytes)
      sealed = await this.#sealed(batchId, wire, signal);
    // The ledger keeps it without the items that are inline: they are in their rows already.
    const manifest = JSON.stringify({ ...frame, items: { ...content, ...(sealed ? { sealed } : {}) } });
    await ledger.completeItems({ batchId, manifest, itemsSha256: digest });
    log.info({ batchId, items: items.length, bytes: sealed?.bytes ?? inline.length }, 'batch of items complete');
  }

  /** The items of a batch that can be read. Those that cannot are parked. */
  async #readable(batchId: string): Promise<readonly (ReadItem & { readonly body: Uint8Array })[]> {
    const { ledger, log } = this.#deps;
    const items = ledger.read.outbox.readBatch(batchId);
    const damaged = items.filter(({ body }) => body === undefined);
    if (damaged.length > 0) {
      log.error({ batchId, items: damaged.length, code: 'ITEM_DAMAGED' }, 'items cannot be read, parked');
      await ledger.parkItems({ items: damaged, why: 'unreadable: what is stored of it is damaged' });
    }
    return items.filter((item): item is ReadItem & { body: Uint8Array } => item.body !== undefined);
  }

  /** Uploads the blob of a batch, and says what the manifest says of it. */
  async #sealed(batchId: string, items: readonly WireItem[], signal: AbortSignal): Promise<ManifestItems['sealed']> {
    const { ledger, gate } = this.#deps;
    const { bytes, envelope } = await gated({ gate, name: 'sealing items', signal }, () => this.#blob(batchId, items));
    const known = ledger.read.outbox.itemBatch(batchId);
    const blob = known?.sealed?.blob ?? (await this.#upload(batchId, known?.nameTry ?? 1, bytes, signal));
    return { blob, sha256: sha256(bytes), bytes: bytes.length, keys: JSON.parse(envelope) };
  }

  /** The blob as it was sealed before; anew where it is not, or cannot be made again to the byte. */
  async #blob(batchId: string, items: readonly WireItem[]): Promise<SealedBlob> {
    const { ledger, recipients, storageKey } = this.#deps;
    const known = ledger.read.outbox.itemBatch(batchId)?.sealed;
    if (known) {
      const bytes = sealItemBlob(items, openBytes(known.key, storageKey.secret));
      if (sha256(bytes) === known.sha256) return { bytes, envelope: known.envelope };
      // One key never seals two blobs: what this would be must not leave under it.
      await ledger.unsealItems({ batchId });
    }
    const key = randomBytes(32);
    const bytes = sealItemBlob(items, key);
    const envelope = JSON.stringify(await seal(key, recipients));
    const sealedKey = sealBytes(key, storageKey.secret);
    await ledger.sealItems({ batchId, sealedKey, envelope, sha256: sha256(bytes), bytes: bytes.length });
    return { bytes, envelope };
  }

  async #upload(batchId: string, nameTry: number, bytes: Buffer, signal: AbortSignal): Promise<string> {
    const { ledger, gate, tickets } = this.#deps;
    const owner = { archiveId: batchId, nameTry };
    const ticket = await tickets.obtain(owner, { gate, signal });
    if (!ticket) throw new Error('the batch is not on its way any more');
    try {
      await uploadItemBlob(bytes, ticket, { ...this.#deps, signal });
    } catch (error) {
      if (codeOf(error) === 'BLOB_CONFLICT') await ledger.unsealItems({ batchId });
      if (codeOf(error) === 'TICKET_REFUSED') {
        await ledger.abandonTicket({ correlationId: ticket.correlationId, newName: false });
      }
      throw error;
    }
    await ledger.markItemsUploaded({ batchId, blob: ticket.blobName });
    return ticket.blobName;
  }
}

/** The manifest of a batch as it is signed: with its items, where they are inline. Undefined once it has its receipt. */
export function manifestToSend(read: LedgerReader, batchId: string): string | undefined {
  const kept = read.manifestOf(batchId);
  if (kept === undefined) return undefined;
  const { items, ...frame } = JSON.parse(kept) as Manifest;
  if (!items || items.sealed) return kept;
  const inline = read.outbox
    .readBatch(batchId)
    .flatMap((item) => (item.body ? [wireItem({ ...item, body: item.body })] : []));
  return JSON.stringify(manifestSchema.parse({ ...frame, items: { ...items, inline } }));
}
