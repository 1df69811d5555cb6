import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { UploadTicket } from '../protocol/link.ts';
import { openArchiveFile, proveBytes } from './archive-check.ts';
import { BlobEndpoint } from './blob-endpoint.ts';
import { Pacer } from './block-pace.ts';
import type { ByteBudget } from './budget/byte-budget.ts';
import { gated } from './gated.ts';
import type { ArchiveRecord } from './ledger-records.ts';
import type { TicketBook } from './ticket-book.ts';
import { Transfer, type TransferDeps, type TransferRun } from './transfer.ts';
import type { WayBack } from './way-back.ts';

export interface UploaderDeps extends Omit<TransferDeps, 'pacer'> {
  readonly log: Log;
  readonly tickets: TicketBook;
  /** Where the archives lie. */
  readonly folder: string;
  /** CA certificates the endpoint is checked against; Node's own when undefined. */
  readonly caPem: string | undefined;
  readonly way: WayBack;
  readonly stallMs: number;
  /** The ceiling under which archives are sent; none when undefined. */
  readonly budget: ByteBudget | undefined;
}

/**
 * Takes archives to the blob endpoint. What is staged is in the ledger, so an upload that was broken off goes on where
 * it was, in this process or the next.
 */
export class ArchiveUploader {
  readonly #deps: UploaderDeps;
  readonly #pacer = new Pacer();
  readonly #proven = new Set<string>();

  constructor(deps: UploaderDeps) {
    this.#deps = deps;
  }

  /** Uploads one archive, or the next part of it. Throws UploadError; the ledger then says how far it came. */
  async upload(archive: ArchiveRecord, run: TransferRun): Promise<'uploaded' | 'set-aside'> {
    await using file = await openArchiveFile(join(this.#deps.folder, archive.file), archive.bytes);
    // The hub thinks about it while the archive is proved; no byte of that leaves before.
    const asked = this.#deps.tickets.obtain(archive, { gate: this.#deps.gate, signal: run.signal });
    const [proved] = await Promise.allSettled([this.#prove(archive, file, run), asked]);
    if (proved.status === 'rejected') throw proved.reason;
    const ticket = await asked;
    if (!ticket) return 'set-aside';
    try {
      return await this.#transfer(archive, file, ticket, run);
    } catch (error) {
      await this.#learn(error, archive, ticket);
      throw error;
    }
  }

  /** Once per start, the archive is shown to be what was sealed. */
  async #prove({ archiveId, sha256 }: ArchiveRecord, file: FileHandle, { signal }: TransferRun): Promise<void> {
    if (this.#proven.has(archiveId)) return;
    const { gate } = this.#deps;
    await gated({ gate, name: 'archive check', signal }, (work) => proveBytes(file, sha256, () => work.pass(signal)));
    this.#proven.add(archiveId);
  }

  async #transfer(
    archive: ArchiveRecord,
    file: FileHandle,
    ticket: UploadTicket,
    run: TransferRun,
  ): Promise<'uploaded' | 'set-aside'> {
    const { ledger, log, gate } = this.#deps;
    const { archiveId, caseId, bytes } = archive;
    const opening = { gate, name: 'upload', signal: run.signal };
    const endpoint = await gated(opening, () => BlobEndpoint.open(ticket, this.#deps));
    try {
      const transfer = new Transfer({ ...this.#deps, pacer: this.#pacer }, { archive, file, ticket, endpoint }, run);
      if (!(await transfer.run())) return 'set-aside';
    } finally {
      endpoint.close();
    }
    await ledger.markUploaded({ archiveId, blob: ticket.blobName });
    this.#proven.delete(archiveId);
    log.info({ archiveId, caseId, bytes }, 'archive uploaded');
    return 'uploaded';
  }

  /** What a failure says about the ticket, the name, the blocks or the line, for the next try. */
  async #learn(error: unknown, { archiveId }: ArchiveRecord, { correlationId }: UploadTicket): Promise<void> {
    const { ledger } = this.#deps;
    const code = codeOf(error);
    if (code === 'ENDPOINT_UNREACHABLE') this.#pacer.failed();
    if (code === 'BLOCKS_MISSING') await ledger.keepBlocks({ archiveId, blockIds: [] });
    if (code !== 'TICKET_REFUSED' && code !== 'BLOB_CONFLICT') return;
    // When its case was held meanwhile, the ticket has been given up already.
    if (ledger.read.ticketOf(archiveId)?.correlationId !== correlationId) return;
    await ledger.abandonTicket({ correlationId, newName: code === 'BLOB_CONFLICT' });
  }
}
