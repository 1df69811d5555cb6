import { type Kysely, sql, type Transaction } from 'kysely';
import { type Database, openStore } from '../../core/database.ts';
import type { Sha256 } from '../../core/digest.ts';
import { ReceiverError } from '../errors.ts';
import type {
  Acceptance,
  Answer,
  Catalogue,
  Rejection,
  Settled,
  SignReceipt,
  StoredBatch,
  WaitingEvent,
} from './catalogue.ts';
import { type InboxDeps, recordRejection, takeIn } from './inbox.ts';
import { kyselyOver, SqliteReader } from './reader.ts';
import { type CatalogueTables, catalogueMigrations } from './schema.ts';
import { certifyErasure, type Erasure, isObjectNeeded, openErasures, refuseWithdrawn } from './withdrawals.ts';
import { writeBatch } from './write-batch.ts';

type Tables = Kysely<CatalogueTables>;
type Work = Transaction<CatalogueTables>;

/** A device that was away for long gets its answers in portions. */
const answersAtOnce = 50;

/** The catalogue in one SQLite file. One connection; Kysely lets one transaction at a time have it. */
export class SqliteCatalogue implements Catalogue {
  readonly reader: SqliteReader;
  readonly #handle: Database;
  readonly #db: Tables;
  readonly #deps: InboxDeps;
  /** Something may be left in the files of what was erased: also of what a killed process had erased. */
  #owesForgetting = true;

  constructor(path: string, deps: InboxDeps) {
    this.#handle = openStore(path, catalogueMigrations);
    this.#db = kyselyOver(this.#handle);
    this.#deps = deps;
    this.reader = new SqliteReader(this.#handle, this.#db);
  }

  async checkpoint(): Promise<number> {
    return (await this.#db.selectFrom('checkpoint').select('sequence').executeTakeFirstOrThrow()).sequence;
  }

  async resetCheckpoint(): Promise<void> {
    await this.#db.updateTable('checkpoint').set({ sequence: 0 }).execute();
  }

  async accept({ through, events, rejections }: Acceptance): Promise<void> {
    await this.#db.transaction().execute(async (work) => {
      for (const event of events) await takeIn(work, event, this.#deps);
      for (const rejection of rejections) await recordRejection(work, rejection, this.#deps);
      await work.updateTable('checkpoint').set({ sequence: through }).execute();
    });
  }

  async nextDue(now: Date, busy: readonly string[]): Promise<WaitingEvent | undefined> {
    const query = this.#db.selectFrom('inbox').selectAll().where('due_at', '<=', now.getTime());
    const free = busy.length === 0 ? query : query.where('device_id', 'not in', busy);
    const row = await free.orderBy('id').limit(1).executeTakeFirst();
    if (!row) return undefined;
    return {
      id: row.id,
      deviceId: row.device_id,
      body: row.body,
      enqueuedAt: row.enqueued_at,
      attempts: row.attempts,
      firstFailedAt: row.first_failed_at ?? undefined,
    };
  }

  async nextDueAt(busy: readonly string[]): Promise<Date | undefined> {
    const query = this.#db.selectFrom('inbox').select('due_at');
    const free = busy.length === 0 ? query : query.where('device_id', 'not in', busy);
    const row = await free.orderBy('due_at').limit(1).executeTakeFirst();
    return row ? new Date(row.due_at) : undefined;
  }

  async isInboxEmpty(): Promise<boolean> {
    return (await this.#db.selectFrom('inbox').select('id').limit(1).executeTakeFirst()) === undefined;
  }

  async repeatAnswer(event: WaitingEvent, batch: string): Promise<boolean> {
    return this.#db.transaction().execute((work) => this.#repeat(work, event, batch));
  }

  async storeBatch(event: WaitingEvent, batch: StoredBatch, now: Date, sign: SignReceipt): Promise<Settled> {
    return this.#db.transaction().execute(async (work) => {
      if (await this.#repeat(work, event, batch.manifest.batch)) return 'repeated';
      const { hasErased } = await writeBatch(work, batch, now, sign);
      await this.#done(work, event);
      if (hasErased) this.#owesForgetting = true;
      return 'stored';
    });
  }

  async refuseBatch(event: WaitingEvent, batch: string, rejection: Rejection): Promise<Settled> {
    return this.#db.transaction().execute(async (work) => {
      if (await this.#repeat(work, event, batch)) return 'repeated';
      const { code, message } = rejection;
      const refusal = JSON.stringify({ code, message });
      await work.insertInto('answers').values({ device_id: event.deviceId, batch, refusal }).execute();
      await recordRejection(work, rejection, this.#deps);
      await this.#done(work, event);
      return 'stored';
    });
  }

  async rejectEvent(event: WaitingEvent, rejection: Rejection): Promise<void> {
    await this.#db.transaction().execute(async (work) => {
      await recordRejection(work, rejection, this.#deps);
      await this.#done(work, event);
    });
  }

  async postpone(event: WaitingEvent, failedAt: Date, dueAt: Date): Promise<void> {
    const first_failed_at = event.firstFailedAt ?? failedAt.toISOString();
    const changes = { attempts: event.attempts + 1, first_failed_at, due_at: dueAt.getTime() };
    await this.#db.updateTable('inbox').set(changes).where('id', '=', event.id).execute();
  }

  async devicesToTell(): Promise<readonly string[]> {
    const query = this.#undelivered().select('answers.device_id').distinct().orderBy('answers.device_id');
    return (await query.execute()).map((row) => row.device_id);
  }

  async answersFor(deviceId: string): Promise<readonly Answer[]> {
    const rows = await this.#undelivered()
      .leftJoin('receipts', (join) =>
        join.onRef('receipts.device_id', '=', 'answers.device_id').onRef('receipts.batch', '=', 'answers.batch'),
      )
      .selectAll('answers')
      .select('receipts.jws')
      .where('answers.device_id', '=', deviceId)
      .orderBy('answers.id')
      .limit(answersAtOnce)
      .execute();
    return rows.map(({ id, device_id, batch, refusal, certificate, jws }) => ({
      ...{ id, deviceId: device_id, batch },
      content: contentOf({ refusal, certificate, jws }),
    }));
  }

  async markDelivered(answer: Answer, now: Date): Promise<void> {
    await this.#mark(answer, { delivered_at: now.toISOString() });
  }

  async markDeclined(answer: Answer, status: number): Promise<void> {
    await this.#mark(answer, { declined_status: status });
  }

  async refuseWithdrawn(deviceId: string, caseIds: readonly string[]): Promise<void> {
    await refuseWithdrawn(this.#db, deviceId, caseIds);
  }

  async openErasures(): Promise<readonly Erasure[]> {
    return openErasures(this.#db);
  }

  /** Deleted rows are zeroed in their pages (`secure_delete`); older copies of the pages are in the write-ahead log. */
  async forgetErased(): Promise<void> {
    if (!this.#owesForgetting) return;
    this.#owesForgetting = false;
    const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(this.#db);
    if (rows[0]?.busy === 0) return;
    this.#owesForgetting = true;
    throw new ReceiverError('IN_USE', 'the catalogue is being read: its log cannot be emptied');
  }

  async isObjectNeeded(sha256: Sha256): Promise<boolean> {
    return isObjectNeeded(this.#db, sha256);
  }

  async certifyErasure(erasure: Erasure, certificate: string): Promise<void> {
    await this.#db.transaction().execute((work) => certifyErasure(work, erasure, certificate));
  }

  close(): void {
    this.#handle.close();
  }

  #undelivered() {
    const query = this.#db.selectFrom('answers').where('answers.delivered_at', 'is', null);
    return query.where('answers.declined_status', 'is', null);
  }

  async #mark(answer: Answer, changes: { delivered_at: string } | { declined_status: number }): Promise<void> {
    await this.#db.updateTable('answers').set(changes).where('id', '=', answer.id).execute();
  }

  async #repeat(work: Work, event: WaitingEvent, batch: string): Promise<boolean> {
    const { numUpdatedRows } = await work
      .updateTable('answers')
      .set({ delivered_at: null, declined_status: null })
      .where('device_id', '=', event.deviceId)
      .where('batch', '=', batch)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    await this.#done(work, event);
    return true;
  }

  async #done(work: Work, event: WaitingEvent): Promise<void> {
    await work.deleteFrom('inbox').where('id', '=', event.id).execute();
  }
}

function contentOf(row: {
  readonly refusal: string | null;
  readonly certificate: string | null;
  readonly jws: string | null;
}): Answer['content'] {
  if (row.certificate !== null) return { kind: 'certificate', jws: row.certificate };
  if (row.refusal !== null) return { kind: 'refusal', ...JSON.parse(row.refusal) };
  return { kind: 'receipt', jws: row.jws ?? '' };
}
