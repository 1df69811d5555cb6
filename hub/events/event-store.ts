import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { type Database, openStore } from '../../core/database.ts';

/** A device-to-cloud message as it is handed in. `enqueuedAt` is the hub's time. */
export interface NewEvent {
  readonly deviceId: string;
  readonly messageId?: string;
  readonly contentType?: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface StoredEvent extends NewEvent {
  /** Rises by one with every event, never used again. */
  readonly sequence: number;
  readonly enqueuedAt: string;
}

interface Waiting {
  readonly event: NewEvent;
  readonly enqueuedAt: string;
  readonly stored: PromiseWithResolvers<number>;
}

interface EventRow {
  readonly sequence: number;
  readonly device_id: string;
  readonly message_id: string | null;
  readonly content_type: string | null;
  readonly properties: string;
  readonly enqueued_at: string;
  readonly body: Buffer;
}

/** A page of events is cut at this many bytes of bodies, though it always holds at least one. */
const maxPageBytes = 4 * 1024 * 1024;

/** Free pages above this and above the live ones are given back to the disk after a trim (16 MiB of 4 KiB pages). */
const maxFreePages = 4096;

/**
 * The hub's event log. `append` resolves once the event is on disk: all that wait at the end of a turn of the event
 * loop share one transaction and its fsync, in the order in which they came.
 */
export class EventStore {
  readonly database: Database;
  readonly #clock: Clock;
  readonly #arrivals = new Set<() => void>();
  #waiting: Waiting[] = [];

  static open(folder: string, clock: Clock): EventStore {
    const database = openStore(join(folder, 'events.db'), [
      {
        version: 1000,
        sql: `
          CREATE TABLE events (
            sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
            device_id    TEXT NOT NULL,
            message_id   TEXT,
            content_type TEXT,
            properties   TEXT NOT NULL,
            enqueued_at  TEXT NOT NULL,
            body         BLOB NOT NULL
          ) STRICT;
        `,
      },
    ]);
    return new EventStore(database, clock);
  }

  constructor(database: Database, clock: Clock) {
    this.database = database;
    this.#clock = clock;
  }

  /** Resolves with the sequence number when the event is durable; rejects when it is not stored at all. */
  append(event: NewEvent): Promise<number> {
    const stored = Promise.withResolvers<number>();
    this.#waiting.push({ event, enqueuedAt: this.#clock.now().toISOString(), stored });
    if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    return stored.promise;
  }

  /** Events above `sequence`, oldest first, at most `limit`. */
  after(sequence: number, limit: number): readonly StoredEvent[] {
    const rows = this.database.prepare('SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?');
    const page: StoredEvent[] = [];
    let bytes = 0;
    for (const row of rows.iterate(sequence, limit) as IterableIterator<EventRow>) {
      bytes += row.body.length;
      if (page.length > 0 && bytes > maxPageBytes) break;
      page.push(readEvent(row));
    }
    return page;
  }

  /** As `after`, but waits up to `waitMs` for the first one. Resolves early and empty when `signal` aborts. */
  async next(sequence: number, limit: number, waitMs: number, signal: AbortSignal): Promise<readonly StoredEvent[]> {
    const found = this.after(sequence, limit);
    if (found.length > 0 || waitMs === 0 || signal.aborted) return found;
    await this.#arrival(waitMs, signal);
    return signal.aborted ? [] : this.after(sequence, limit);
  }

  /** The number of the newest event ever stored, trimmed or not; 0 before the first. */
  get newest(): number {
    const row = this.database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'events'`).get();
    return (row as { seq: number } | undefined)?.seq ?? 0;
  }

  /** Removes the events up to and including `through`; returns how many there were. */
  trim(through: number): number {
    const { changes } = this.database.prepare('DELETE FROM events WHERE sequence <= ?').run(through);
    this.#giveBackSpace();
    return changes;
  }

  /** Stores what still waits, then closes. */
  close(): void {
    this.#flush();
    for (const arrived of this.#arrivals) arrived();
    this.database.close();
  }

  #flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    try {
      const sequences = this.database.transaction(() => waiting.map((one) => this.#insert(one)))();
      waiting.forEach((one, index) => {
        one.stored.resolve(sequences[index] as number);
      });
    } catch (error) {
      for (const one of waiting) one.stored.reject(error);
      return;
    }
    for (const arrived of this.#arrivals) arrived();
  }

  #insert({ event, enqueuedAt }: Waiting): number {
    const { lastInsertRowid } = this.database
      .prepare('INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?)')
      .run(
        event.deviceId,
        event.messageId ?? null,
        event.contentType ?? null,
        JSON.stringify(event.properties),
        enqueuedAt,
        event.body,
      );
    return Number(lastInsertRowid);
  }

  async #arrival(waitMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arrivals.add(resolve);
    const patience = this.#clock.sleep(waitMs, AbortSignal.any([signal, over.signal])).catch(() => {});
    try {
      await Promise.race([promise, patience]);
    } finally {
      this.#arrivals.delete(resolve);
      over.abort();
    }
  }

  /** SQLite keeps freed pages for itself; after a long outage of the consumer they are given back. */
  #giveBackSpace(): void {
    const free = Number(this.database.pragma('freelist_count', { simple: true }));
    const all = Number(this.database.pragma('page_count', { simple: true }));
    if (free > maxFreePages && free > all / 2) this.database.exec('VACUUM');
  }
}

function readEvent(row: EventRow): StoredEvent {
  return {
    sequence: row.sequence,
    deviceId: row.device_id,
    ...(row.message_id === null ? {} : { messageId: row.message_id }),
    ...(row.content_type === null ? {} : { contentType: row.content_type }),
    properties: JSON.parse(row.properties) as Record<string, string>,
    enqueuedAt: row.enqueued_at,
    body: row.body,
  };
}
