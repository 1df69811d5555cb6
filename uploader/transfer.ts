import type { FileHandle } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { Gate } from '../core/gate.ts';
import type { UploadTicket } from '../protocol/link.ts';
import { readBlock } from './archive-check.ts';
import type { BlobEndpoint } from './blob-endpoint.ts';
import { BlockBuffers } from './block-buffers.ts';
import type { Extent, Pacer } from './block-pace.ts';
import type { StagedBlock } from './delivery-commands.ts';
import { gated } from './gated.ts';
import type { Ledger } from './ledger.ts';
import type { ArchiveRecord } from './ledger-records.ts';
import { Staging } from './staging.ts';
import type { TicketBook } from './ticket-book.ts';
import { UploadError } from './upload-error.ts';

export interface TransferDeps {
  readonly ledger: Ledger;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly tickets: TicketBook;
  readonly pacer: Pacer;
  /** Blocks in flight at a time. */
  readonly parallelBlocks: number;
}

/** What is transferred, and where to. */
interface Cargo {
  readonly archive: ArchiveRecord;
  readonly file: FileHandle;
  readonly ticket: UploadTicket;
  readonly endpoint: BlobEndpoint;
}

interface ReadBlock extends StagedBlock {
  readonly content: Buffer;
}

export interface TransferRun {
  readonly signal: AbortSignal;
  /** Asked before each block: false sets the transfer aside for something more urgent. */
  readonly mayGoOn: () => boolean;
}

/** After these, a commit may have happened all the same. */
const doubtfulCommits = ['BLOB_CONFLICT', 'BLOCKS_MISSING', 'ENDPOINT_BUSY', 'ENDPOINT_UNREACHABLE'];

/** One archive on its way into one blob, block by block, each behind the gate and each in the ledger once staged. */
export class Transfer {
  readonly #deps: TransferDeps;
  readonly #cargo: Cargo;
  readonly #run: TransferRun;
  readonly #known: readonly StagedBlock[];
  readonly #staging: Staging;
  readonly #buffers = new BlockBuffers();
  #checking: Promise<void> | undefined;
  #ahead: Promise<ReadBlock> | undefined;
  #state: 'going' | 'set-aside' | 'failed' | 'committed' = 'going';

  constructor(deps: TransferDeps, cargo: Cargo, run: TransferRun) {
    this.#deps = deps;
    this.#cargo = cargo;
    this.#run = run;
    this.#known = deps.ledger.read.blocksOf(cargo.archive.archiveId);
    this.#staging = new Staging(cargo.archive.bytes, this.#known);
  }

  /** True when the blob is committed, false when the transfer was set aside. */
  async run(): Promise<boolean> {
    const ends = await Promise.allSettled(Array.from({ length: this.#deps.parallelBlocks }, () => this.#lane()));
    await Promise.allSettled([this.#ahead, this.#checking]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    if (this.#state === 'going') await this.#commit(this.#staging.blocks);
    return this.#state !== 'set-aside';
  }

  /** Compares the ledger with what the endpoint has, once; after the blocks, so that these take the connection there is. */
  #check(): Promise<void> {
    this.#checking ??= awaitedLater(turn().then(() => this.#reconcile()));
    return this.#checking;
  }

  /** What the endpoint has of this archive: it may also be a blob already, when a commit's answer was lost. */
  async #reconcile(): Promise<void> {
    const { ledger } = this.#deps;
    const { archiveId } = this.#cargo.archive;
    const known = this.#known;
    if (known.length === 0) return;
    const listed = await this.#request((endpoint) => endpoint.uncommitted());
    const kept = known.filter((block) => listed.get(block.blockId) === block.bytes);
    if (kept.length === known.length) return;
    if (kept.length === 0 && (await this.#isCommitted())) {
      this.#state = 'committed';
      return;
    }
    this.#staging.found(kept);
    await ledger.keepBlocks({ archiveId, blockIds: this.#staging.blocks.map(({ blockId }) => blockId) });
  }

  /**
   * Stages what is left, one block after the other, beside the other lanes. While blocks are on their way the next one is
   * read, and the ledger notes the one before; all are noted before this returns or throws. The first block does not wait
   * for the endpoint's list: at worst it is sent in vain.
   */
  async #lane(): Promise<void> {
    let noted = Promise.resolve();
    try {
      for (let n = 0; ; n++) {
        this.#readAhead();
        if (n > 0 || !this.#ahead) await this.#check();
        this.#readAhead();
        const reading = this.#ahead;
        if (!reading || this.#state !== 'going') return await noted;
        if (!this.#run.mayGoOn()) {
          this.#state = 'set-aside';
          return;
        }
        this.#ahead = undefined;
        const { content, ...block } = await reading;
        this.#readAhead();
        const sending = this.#send(block, content);
        if (n === 0) void this.#check();
        await sending;
        // Only now: of a request that failed, somebody may still hold the memory.
        this.#buffers.give(content);
        this.#staging.staged(block);
        // At most one block of a lane is there and not yet noted: a kill sends that and the one on its way again.
        await noted;
        noted = awaitedLater(this.#note(block));
      }
    } catch (error) {
      this.#state = 'failed';
      throw error;
    } finally {
      await Promise.allSettled([noted]);
    }
  }

  /** The next block is read for whichever lane comes first, so that none idles at the end while another has two. */
  #readAhead(): void {
    if (this.#ahead) return;
    const extent = this.#staging.take(this.#deps.pacer.nextBlockBytes(this.#cargo.archive.bytes));
    this.#ahead = extent && awaitedLater(this.#read(extent));
  }

  /** One block from the disk, behind the gate, with its digest as its name. */
  #read(extent: Extent): Promise<ReadBlock> {
    const { gate } = this.#deps;
    return gated({ gate, name: 'upload', signal: this.#run.signal }, async () => {
      const content = this.#buffers.take(extent.bytes);
      const digest = await readBlock(this.#cargo.file, extent.start, content);
      return { ...extent, blockId: digest.toString('base64'), content };
    });
  }

  #send({ blockId, bytes }: StagedBlock, content: Buffer): Promise<void> {
    const { clock, pacer } = this.#deps;
    return this.#request(async (endpoint) => {
      this.#checkTicket();
      const startedMs = clock.monotonicMs();
      await endpoint.stage(blockId, content);
      pacer.took(bytes, clock.monotonicMs() - startedMs);
    });
  }

  #note(block: StagedBlock): Promise<void> {
    return this.#deps.ledger.addBlock({ ...block, archiveId: this.#cargo.archive.archiveId });
  }

  /** The ticket may have been given up meanwhile (its case was held), or is near its end. */
  #checkTicket(): void {
    const { ledger, tickets } = this.#deps;
    const kept = ledger.read.ticketOf(this.#cargo.archive.archiveId);
    if (kept?.correlationId === this.#cargo.ticket.correlationId && tickets.isUsable(kept)) return;
    throw new UploadError('TICKET_REFUSED', 'the ticket was given up, or is about to expire');
  }

  async #commit(blocks: readonly StagedBlock[]): Promise<void> {
    const { sha256 } = this.#cargo.archive;
    const blockIds = blocks.map(({ blockId }) => blockId);
    try {
      await this.#request((endpoint) => endpoint.commit(blockIds, sha256));
    } catch (error) {
      this.#run.signal.throwIfAborted();
      if (!doubtfulCommits.includes(codeOf(error) ?? '') || !(await this.#isCommitted())) throw error;
    }
  }

  #isCommitted(): Promise<boolean> {
    const { sha256, bytes } = this.#cargo.archive;
    return this.#request((endpoint) => endpoint.holds(sha256, bytes));
  }

  /** A request to the endpoint: behind the gate, cut when it closes, made again when it opens. */
  #request<T>(request: (endpoint: BlobEndpoint) => Promise<T>): Promise<T> {
    const { endpoint } = this.#cargo;
    const options = { gate: this.#deps.gate, name: 'upload', signal: this.#run.signal, cut: () => endpoint.cut() };
    return gated(options, () => {
      endpoint.resume();
      return request(endpoint);
    });
  }
}

/** Somebody awaits it, but not yet: until then its failure is not an unhandled one. */
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
