import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { Gate } from '../core/gate.ts';
import type { UploadTicket } from '../protocol/link.ts';
import { readExactly } from './archive-check.ts';
import type { BlobEndpoint } from './blob-endpoint.ts';
import { type Extent, nextExtent, type Pacer } from './block-pace.ts';
import type { StagedBlock } from './delivery-commands.ts';
import { gated } from './gated.ts';
import type { Ledger } from './ledger.ts';
import type { ArchiveRecord } from './ledger-records.ts';
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

  constructor(deps: TransferDeps, cargo: Cargo, run: TransferRun) {
    this.#deps = deps;
    this.#cargo = cargo;
    this.#run = run;
  }

  /** True when the blob is committed, false when the transfer was set aside. */
  async run(): Promise<boolean> {
    const found = await this.#reconcile();
    if (found === 'committed') return true;
    const blocks = await this.#stageRest(found);
    if (!blocks) return false;
    await this.#commit(blocks);
    return true;
  }

  /** What the endpoint has of this archive: it may also be a blob already, when a commit's answer was lost. */
  async #reconcile(): Promise<'committed' | readonly StagedBlock[]> {
    const { ledger } = this.#deps;
    const { archiveId } = this.#cargo.archive;
    const known = ledger.read.blocksOf(archiveId);
    if (known.length === 0) return known;
    const listed = await this.#request((endpoint) => endpoint.uncommitted());
    const kept = known.filter((block) => listed.get(block.blockId) === block.bytes);
    if (kept.length === known.length) return known;
    if (kept.length === 0 && (await this.#isCommitted())) return 'committed';
    await ledger.keepBlocks({ archiveId, blockIds: kept.map(({ blockId }) => blockId) });
    return kept;
  }

  /** Stages what the found blocks do not cover. Undefined when something more urgent came up. */
  async #stageRest(found: readonly StagedBlock[]): Promise<readonly StagedBlock[] | undefined> {
    const { bytes } = this.#cargo.archive;
    const { pacer, parallelBlocks } = this.#deps;
    const staged = [...found];
    const covered: Extent[] = [...found];
    let state: 'going' | 'set-aside' | 'failed' = 'going';
    const lane = async () => {
      for (;;) {
        const extent = nextExtent(bytes, covered, pacer.nextBlockBytes(bytes));
        if (!extent || state !== 'going') return;
        if (!this.#run.mayGoOn()) {
          state = 'set-aside';
          return;
        }
        covered.push(extent);
        staged.push(await this.#stage(extent));
      }
    };
    const lanes = Array.from({ length: parallelBlocks }, () =>
      lane().catch((error: unknown) => {
        state = 'failed';
        throw error;
      }),
    );
    for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason;
    return state === 'going' ? staged.toSorted((a, b) => a.start - b.start) : undefined;
  }

  /** One block: read, sent, and noted in the ledger. */
  #stage(extent: Extent): Promise<StagedBlock> {
    const { ledger, clock, pacer } = this.#deps;
    const { archive, file } = this.#cargo;
    return this.#request(async (endpoint) => {
      this.#checkTicket();
      const content = await readExactly(file, extent.start, extent.bytes);
      // In a thread of the pool: several megabytes at once would hold up everything else.
      const blockId = Buffer.from(await crypto.subtle.digest('SHA-256', content)).toString('base64');
      const startedMs = clock.monotonicMs();
      await endpoint.stage(blockId, content);
      pacer.took(extent.bytes, clock.monotonicMs() - startedMs);
      const block = { ...extent, blockId };
      await ledger.addBlock({ ...block, archiveId: archive.archiveId });
      return block;
    });
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
