import { openText, sealText } from '../core/boxed-text.ts';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { Gate, Work } from '../core/gate.ts';
import { describe, type Log } from '../core/log.ts';
import type { CloudLink, UploadTicket } from '../protocol/link.ts';
import { gated, untilAborted } from './gated.ts';
import type { Ledger } from './ledger.ts';
import type { ArchiveRecord, TicketRecord } from './ledger-records.ts';

/** A ticket is not used any more when it expires within so long. */
const marginMs = 5 * 60_000;

/** What a fresh ticket is taken to be good for when its expiry makes no sense, because a clock is wrong. */
const presumedMs = 45 * 60_000;

/** No hub grants a ticket for longer (Azure's `sasTtl` ends at a day); more is the word of a wrong clock. */
const longestMs = 86_400_000;

/** So often the hub is told how an upload ended: with pauses of up to half a minute, longer than a ticket lives. */
const maxCloseTries = 150;

/** What a ticket is for: an archive, or a batch whose sealed items are uploaded (its id then stands for the archive's). */
export type TicketOwner = Pick<ArchiveRecord, 'archiveId' | 'nameTry'>;

/** How the hub's answer is waited for; what is done with it comes after. */
type Waiting = <T>(answer: Promise<T>) => Promise<T>;
const atOnce: Waiting = (answer) => answer;

interface Deps {
  readonly ledger: Ledger;
  readonly link: CloudLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly storageKey: { readonly secret: Uint8Array };
}

/** The rights to write blobs: asked for, kept encrypted in the ledger, used again until shortly before they expire. */
export class TicketBook {
  readonly #deps: Deps;
  /** Of tickets granted in this run: until when they are used, on the monotonic clock. */
  readonly #usableUntilMs = new Map<string, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The kept ticket, or else a new one, as gated work. Undefined when the archive left its batch meanwhile. `signal` ends
   * the waiting, not the noting: a ticket that is granted later and that nobody noted is a place that nobody gives back.
   */
  async obtain(owner: TicketOwner, { gate, signal }: { gate: Gate; signal: AbortSignal }) {
    const asking = (work: Work) =>
      untilAborted(
        this.request(owner, (answer) => work.answer(answer)),
        signal,
      );
    return (await this.kept(owner)) ?? (await gated({ gate, name: 'upload request', signal }, asking));
  }

  /** The kept ticket of an archive, if it can still be used. One that cannot is given up. */
  async kept({ archiveId }: TicketOwner): Promise<UploadTicket | undefined> {
    const record = this.#deps.ledger.read.ticketOf(archiveId);
    if (!record) return undefined;
    const ticket = this.#open(record);
    if (ticket && this.isUsable(record)) return ticket;
    await this.#deps.ledger.abandonTicket({ correlationId: record.correlationId, newName: false });
    return undefined;
  }

  /** Asks for a new ticket and keeps it. Undefined when the archive left its batch meanwhile. */
  async request(archive: TicketOwner, waiting: Waiting = atOnce): Promise<UploadTicket | undefined> {
    const { ledger, link, clock, storageKey } = this.#deps;
    const ticket = await waiting(link.requestUpload(blobNameOf(archive)));
    const expiresAt = expiryOf(ticket.sasToken) ?? new Date(clock.now().getTime() + presumedMs + marginMs);
    const leftMs = expiresAt.getTime() - clock.now().getTime() - marginMs;
    const isSensible = leftMs > 0 && leftMs <= longestMs;
    this.#usableUntilMs.set(ticket.correlationId, clock.monotonicMs() + (isSensible ? leftMs : presumedMs));
    const { archiveId } = archive;
    const { correlationId } = ticket;
    const sealed = sealText(JSON.stringify(ticket), storageKey.secret);
    try {
      const isWanted = await ledger.startUpload({
        archiveId,
        correlationId,
        sealed,
        expiresAt: expiresAt.toISOString(),
      });
      return isWanted ? ticket : undefined;
    } catch (error) {
      // Nobody will remember it, so nobody else can give its place back.
      await link.finishUpload(correlationId, false).catch(() => {});
      throw error;
    }
  }

  /** Where a kept ticket leads; undefined when it cannot be opened. */
  hostOf(record: TicketRecord): string | undefined {
    return this.#open(record)?.hostName;
  }

  /** Whether a ticket may be used for another request. */
  isUsable({ correlationId, expiresAt }: Pick<TicketRecord, 'correlationId' | 'expiresAt'>): boolean {
    const { clock } = this.#deps;
    const untilMs = this.#usableUntilMs.get(correlationId);
    if (untilMs !== undefined) return clock.monotonicMs() < untilMs;
    return clock.now().getTime() + marginMs < Date.parse(expiresAt);
  }

  /**
   * Tells the hub how an upload ended, so that its place among the device's ten is free. Throws while that may still
   * succeed; after `maxCloseTries`, or a plain no, the ticket is left to expire there.
   */
  async close({ correlationId, state }: TicketRecord, tries: number, waiting: Waiting = atOnce): Promise<void> {
    const { ledger, link, log } = this.#deps;
    try {
      await waiting(link.finishUpload(correlationId, state === 'committed'));
    } catch (error) {
      if (codeOf(error) !== 'REFUSED' && tries < maxCloseTries) throw error;
      log.warn({ error: describe(error), tries }, 'upload left to expire at the hub');
    }
    this.#usableUntilMs.delete(correlationId);
    await ledger.closeTicket({ correlationId });
  }

  #open({ sealed, archiveId }: TicketRecord): UploadTicket | undefined {
    try {
      return JSON.parse(openText(sealed, this.#deps.storageKey.secret)) as UploadTicket;
    } catch {
      this.#deps.log.warn({ archiveId, code: 'TICKET_UNREADABLE' }, 'kept ticket cannot be opened');
      return undefined;
    }
  }
}

/** The name an archive is uploaded under, without the device's prefix. */
function blobNameOf({ archiveId, nameTry }: TicketOwner): string {
  const ending = archiveId.startsWith('bat-') ? 'items' : 'case';
  return nameTry === 1 ? `${archiveId}.${ending}` : `${archiveId}-${nameTry}.${ending}`;
}

function expiryOf(sasToken: string): Date | undefined {
  const expiry = new Date(new URLSearchParams(sasToken).get('se') ?? Number.NaN);
  return Number.isNaN(expiry.getTime()) ? undefined : expiry;
}
