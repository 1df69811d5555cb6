import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { Gate, Work } from '../core/gate.ts';
import type { Log } from '../core/log.ts';
import { createHash } from 'node:crypto';
import type { UploadTicket } from '../protocol/link.ts';
import { openArchiveFile, proveBytes, readExactly } from './archive-check.ts';
import { BlobEndpoint } from './blob-endpoint.ts';
import { type Extent, nextBlockBytes, nextExtent, type Pace, paced, slowed, unknownPace } from './block-pace.ts';
import type { StagedBlock } from './delivery-commands.ts';
import { gated, untilAborted } from './gated.ts';
import type { Ledger } from './ledger.ts';
import type { ArchiveRecord } from './ledger-records.ts';
import type { TicketBook } from './ticket-book.ts';
import { UploadError } from './upload-error.ts';

export interface UploaderDeps {
  readonly ledger: Ledger;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly tickets: TicketBook;
  /** Where the archives lie. */
  readonly folder: string;
  readonly caPem: string | undefined;
  readonly stallMs: number;
  /** Blocks in flight at a time. */
  readonly parallelBlocks: number;
}

export interface UploadRun {
  readonly signal: AbortSignal;
  /** Asked before each block: false sets the upload aside for something more urgent. */
  readonly mayGoOn: () => boolean;
}

/**
 * Takes archives to the blob endpoint, block by block, each behind the gate. What is staged is in the ledger, so an
 * upload that was broken off goes on where it was, in this process or the next.
 */
export class ArchiveUploader {
  readonly #deps: UploaderDeps;
  readonly #proven = new Set<string>();
  #pace: Pace = unknownPace;

  constructor(deps: UploaderDeps) {
    this.#deps = deps;
  }

  /** Uploads one archive, or the next part of it. Throws UploadError; the ledger then says how far it came. */
  async upload(archive: ArchiveRecord, run: UploadRun): Promise<'uploaded' | 'set-aside'> {
    await using file = await openArchiveFile(join(this.#deps.folder, archive.file), archive.bytes);
    await this.#prove(archive, file, run);
    const ticket = await this.#ticket(archive, run);
    if (!ticket) return 'set-aside';
    try {
      return await this.#transfer(archive, file, ticket, run);
    } catch (error) {
      await this.#learn(error, archive, ticket);
      throw error;
    }
  }

  /** Once per start, the archive is shown to be what was sealed. */
  async #prove(archive: ArchiveRecord, file: FileHandle, run: UploadRun): Promise<void> {
    if (this.#proven.has(archive.archiveId)) return;
    await this.#gated('archive check', run, (work) => proveBytes(file, archive.sha256, () => work.pass(run.signal)));
    this.#proven.add(archive.archiveId);
  }

  async #ticket(archive: ArchiveRecord, run: UploadRun): Promise<UploadTicket | undefined> {
    const kept = await this.#deps.tickets.kept(archive);
    if (kept) return kept;
    return this.#gated('upload request', run, () => untilAborted(this.#deps.tickets.request(archive), run.signal));
  }

  async #transfer(
    archive: ArchiveRecord,
    file: FileHandle,
    ticket: UploadTicket,
    run: UploadRun,
  ): Promise<'uploaded' | 'set-aside'> {
    const { ledger, log } = this.#deps;
    const { archiveId, caseId, bytes } = archive;
    const endpoint = await BlobEndpoint.open(ticket, this.#deps);
    try {
      const found = await this.#reconcile(archive, endpoint, run);
      if (found !== 'committed') {
        const blocks = await this.#stageRest({ archive, file, ticket, endpoint, run, staged: found });
        if (!blocks) return 'set-aside';
        await this.#commit(archive, endpoint, blocks, run);
      }
    } finally {
      endpoint.close();
    }
    await ledger.markUploaded({ archiveId, blob: ticket.blobName });
    log.info({ archiveId, caseId, bytes }, 'archive uploaded');
    return 'uploaded';
  }

  /** What the endpoint has of this archive: it may also be a blob already, whose commit's answer was lost. */
  async #reconcile(
    archive: ArchiveRecord,
    endpoint: BlobEndpoint,
    run: UploadRun,
  ): Promise<'committed' | readonly StagedBlock[]> {
    const { ledger } = this.#deps;
    const { archiveId, sha256, bytes } = archive;
    const known = ledger.read.blocksOf(archiveId);
    if (known.length === 0) return known;
    const listed = await this.#request(endpoint, run, () => endpoint.uncommitted());
    const kept = known.filter((block) => listed.get(block.blockId) === block.bytes);
    if (kept.length === known.length) return known;
    if (kept.length === 0 && (await this.#request(endpoint, run, () => endpoint.holds(sha256, bytes)))) {
      return 'committed';
    }
    await ledger.keepBlocks({ archiveId, blockIds: kept.map(({ blockId }) => blockId) });
    return kept;
  }

  /** Stages whatever the staged blocks do not cover. Undefined when something more urgent came up. */
  async #stageRest(transfer: Transfer): Promise<readonly StagedBlock[] | undefined> {
    const { archive, run } = transfer;
    const staged = [...transfer.staged];
    const reserved: Extent[] = [...staged];
    let isStopped = false;
    const lane = async () => {
      while (!isStopped) {
        const extent = nextExtent(archive.bytes, reserved, nextBlockBytes(this.#pace, archive.bytes));
        if (!extent) return;
        if (!run.mayGoOn()) break;
        reserved.push(extent);
        staged.push(await this.#stage(transfer, extent));
      }
      isStopped = true;
    };
    const lanes = Array.from({ length: this.#deps.parallelBlocks }, () =>
      lane().finally(() => {
        isStopped ||= staged.length < reserved.length;
      }),
    );
    for (const result of await Promise.allSettled(lanes)) if (result.status === 'rejected') throw result.reason;
    return isStopped ? undefined : staged.toSorted((a, b) => a.start - b.start);
  }

  /** One block: read, sent, and noted in the ledger. Behind the gate, and cut when it closes. */
  async #stage({ archive, file, ticket, endpoint, run }: Transfer, extent: Extent): Promise<StagedBlock> {
    return this.#request(endpoint, run, async () => {
      const { ledger, clock, tickets } = this.#deps;
      const kept = ledger.read.ticketOf(archive.archiveId);
      if (kept?.correlationId !== ticket.correlationId || !tickets.isUsable(kept)) {
        throw new UploadError('TICKET_REFUSED', 'the ticket is about to expire');
      }
      const content = await readExactly(file, extent.start, extent.bytes);
      const blockId = createHash('sha256').update(content).digest('base64');
      const startedMs = clock.monotonicMs();
      await endpoint.stage(blockId, content);
      this.#pace = paced(this.#pace, extent.bytes, clock.monotonicMs() - startedMs);
      const block = { ...extent, blockId };
      await ledger.addBlock({ ...block, archiveId: archive.archiveId });
      return block;
    });
  }

  async #commit(
    { sha256, bytes }: ArchiveRecord,
    endpoint: BlobEndpoint,
    blocks: readonly StagedBlock[],
    run: UploadRun,
  ): Promise<void> {
    const blockIds = blocks.map(({ blockId }) => blockId);
    try {
      await this.#request(endpoint, run, () => endpoint.commit(blockIds, sha256));
    } catch (error) {
      if (codeOf(error) !== 'BLOB_CONFLICT' && codeOf(error) !== 'ENDPOINT_UNREACHABLE') throw error;
      const isOurs = await this.#request(endpoint, run, () => endpoint.holds(sha256, bytes));
      if (!isOurs) throw error;
    }
  }

  /** What a failure says about the ticket, the name or the line, for the next try. */
  async #learn(error: unknown, { archiveId }: ArchiveRecord, { correlationId }: UploadTicket): Promise<void> {
    const { ledger } = this.#deps;
    const isOpen = ledger.read.ticketOf(archiveId)?.correlationId === correlationId;
    switch (codeOf(error)) {
      case 'ENDPOINT_UNREACHABLE':
        this.#pace = slowed(this.#pace);
        break;
      case 'BLOCKS_MISSING':
        await ledger.keepBlocks({ archiveId, blockIds: [] });
        break;
      case 'TICKET_REFUSED':
        if (isOpen) await ledger.abandonTicket({ correlationId, newName: false });
        break;
      case 'BLOB_CONFLICT':
        if (isOpen) await ledger.abandonTicket({ correlationId, newName: true });
        break;
      default:
    }
  }

  /** A request to the endpoint: behind the gate, cut when it closes, made again when it opens. */
  #request<T>(endpoint: BlobEndpoint, run: UploadRun, request: () => Promise<T>): Promise<T> {
    const cut = () => endpoint.cut();
    return gated({ gate: this.#deps.gate, name: 'upload', signal: run.signal, cut }, request);
  }

  #gated<T>(name: string, run: UploadRun, step: (work: Work) => Promise<T>): Promise<T> {
    return gated({ gate: this.#deps.gate, name, signal: run.signal }, step);
  }
}

interface Transfer {
  readonly archive: ArchiveRecord;
  readonly file: FileHandle;
  readonly ticket: UploadTicket;
  readonly endpoint: BlobEndpoint;
  readonly run: UploadRun;
  readonly staged: readonly StagedBlock[];
}
