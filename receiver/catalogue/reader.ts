import { Kysely, type Selectable, SqliteDialect } from 'kysely';
import type { Database } from '../../core/database.ts';
import type { Sha256 } from '../../core/digest.ts';
import type { CloudCase } from '../../protocol/documents.ts';
import type { Tier } from '../../protocol/ids.ts';
import { ReceiverError } from '../errors.ts';
import { type AuditHeadRow, auditHeadOf } from './audit-heads.ts';
import type {
  ArchiveRow,
  CatalogueReader,
  DeviceRow,
  ItemQuery,
  ItemRow,
  ReceiptRow,
  RejectionRow,
} from './catalogue.ts';
import type { CatalogueTables } from './schema.ts';

export function kyselyOver(handle: Database): Kysely<CatalogueTables> {
  return new Kysely<CatalogueTables>({ dialect: new SqliteDialect({ database: handle }) });
}

/** The questions one can ask a catalogue in SQLite. */
export class SqliteReader implements CatalogueReader {
  readonly #handle: Database;
  readonly #db: Kysely<CatalogueTables>;

  constructor(handle: Database, db = kyselyOver(handle)) {
    this.#handle = handle;
    this.#db = db;
  }

  async cases(): Promise<readonly CloudCase[]> {
    const cases = await this.#db.selectFrom('cases').selectAll().orderBy('case_id').orderBy('device_id').execute();
    return this.#withArchives(cases);
  }

  async caseById(caseId: string, deviceId?: string): Promise<CloudCase | undefined> {
    const query = this.#db.selectFrom('cases').selectAll().where('case_id', '=', caseId);
    const cases = await (deviceId === undefined ? query : query.where('device_id', '=', deviceId)).execute();
    if (cases.length > 1) {
      throw new ReceiverError('CASE_AMBIGUOUS', `${cases.length} devices have a case of that id`, {
        hint: 'Say which device is meant.',
      });
    }
    return (await this.#withArchives(cases))[0];
  }

  async devices(): Promise<readonly DeviceRow[]> {
    const rows = await this.#db.selectFrom('devices').selectAll().orderBy('device_id').execute();
    return rows.map((row) => ({
      deviceId: row.device_id,
      receipts: row.receipts,
      headSha256: row.head_sha256,
      lastEventAt: row.last_event_at,
    }));
  }

  async archives(): Promise<readonly ArchiveRow[]> {
    const query = this.#archives().orderBy('archives.device_id').orderBy('archives.archive_id');
    return (await query.execute()).map(archiveRow);
  }

  async archivesOf(deviceId: string, caseId: string): Promise<readonly ArchiveRow[]> {
    const query = this.#archives().where('archives.device_id', '=', deviceId).where('case_id', '=', caseId);
    return (await query.orderBy('received_at').orderBy('tier').execute()).map(archiveRow);
  }

  async archive(deviceId: string, archiveId: string): Promise<ArchiveRow | undefined> {
    const query = this.#archives().where('archives.device_id', '=', deviceId);
    const row = await query.where('archives.archive_id', '=', archiveId).executeTakeFirst();
    return row && archiveRow(row);
  }

  async mayErase(deviceId: string, archiveId: string): Promise<boolean> {
    const query = this.#db.selectFrom('deltas').select('archive_id').where('device_id', '=', deviceId);
    return (await query.where('base_archive_id', '=', archiveId).executeTakeFirst()) === undefined;
  }

  async receipts(deviceId: string): Promise<readonly ReceiptRow[]> {
    const query = this.#db.selectFrom('receipts').selectAll().where('device_id', '=', deviceId).orderBy('place');
    return (await query.execute()).map((row) => ({
      deviceId: row.device_id,
      place: row.place,
      batch: row.batch,
      jws: row.jws,
      storedAt: row.stored_at,
    }));
  }

  async rejections(): Promise<readonly RejectionRow[]> {
    const rows = await this.#db.selectFrom('rejected').selectAll().orderBy('id').execute();
    return rows.map((row) => ({
      ...{ code: row.code, message: row.message, bytes: row.bytes, rejectedAt: row.rejected_at },
      ...(row.sequence === null ? {} : { sequence: row.sequence }),
      ...(row.device_id === null ? {} : { deviceId: row.device_id }),
      ...(row.message_id === null ? {} : { messageId: row.message_id }),
    }));
  }

  async items({ deviceId, kind }: ItemQuery = {}): Promise<readonly ItemRow[]> {
    let query = this.#db
      .selectFrom('items')
      .select(['device_id', 'item_id', 'kind', 'at', 'sha256', 'batch', 'received_at'])
      .select((build) => build.fn<number>('length', ['body']).as('bytes'))
      .orderBy('place');
    if (deviceId !== undefined) query = query.where('device_id', '=', deviceId);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    return (await query.execute()).map((row) => ({
      ...{ deviceId: row.device_id, id: row.item_id, kind: row.kind, at: row.at, sha256: row.sha256 as Sha256 },
      ...{ bytes: row.bytes, batch: row.batch, receivedAt: row.received_at },
    }));
  }

  async itemBody(deviceId: string, itemId: string): Promise<Uint8Array | undefined> {
    const query = this.#db.selectFrom('items').select('body').where('device_id', '=', deviceId);
    return (await query.where('item_id', '=', itemId).executeTakeFirst())?.body;
  }

  async auditHeads(deviceId: string, batch?: string): Promise<readonly AuditHeadRow[]> {
    let query = this.#db
      .selectFrom('audit_heads')
      .innerJoin('receipts', (join) =>
        join
          .onRef('receipts.device_id', '=', 'audit_heads.device_id')
          .onRef('receipts.batch', '=', 'audit_heads.batch'),
      )
      .selectAll('audit_heads')
      .where('audit_heads.device_id', '=', deviceId)
      .orderBy('receipts.place');
    if (batch !== undefined) query = query.where('audit_heads.batch', '=', batch);
    return (await query.execute()).map(auditHeadOf);
  }

  async undelivered(): Promise<number> {
    const query = this.#db.selectFrom('answers').select((build) => build.fn.countAll<number>().as('count'));
    const open = query.where('delivered_at', 'is', null).where('declined_status', 'is', null);
    return (await open.executeTakeFirstOrThrow()).count;
  }

  close(): void {
    this.#handle.close();
  }

  #archives() {
    return this.#db
      .selectFrom('archives')
      .leftJoin('deltas', (join) =>
        join
          .onRef('deltas.device_id', '=', 'archives.device_id')
          .onRef('deltas.archive_id', '=', 'archives.archive_id'),
      )
      .selectAll('archives')
      .select('deltas.base_archive_id');
  }

  async #withArchives(cases: readonly Selectable<CatalogueTables['cases']>[]): Promise<readonly CloudCase[]> {
    const query = this.#archives()
      .innerJoin('receipts', (join) =>
        join.onRef('receipts.device_id', '=', 'archives.device_id').onRef('receipts.batch', '=', 'archives.batch'),
      )
      .select('receipts.jws')
      .orderBy('archives.received_at')
      .orderBy('archives.tier');
    const only = cases.length === 1 ? cases[0] : undefined;
    const rows = await (only ? query.where('archives.case_id', '=', only.case_id) : query).execute();
    const certificates = await this.#certificates(only);
    const byCase = Map.groupBy(rows, (row) => `${row.device_id} ${row.case_id}`);
    return cases.map((row) => ({
      caseId: row.case_id,
      deviceId: row.device_id,
      ...{ maps: row.maps, points: row.points, lesions: row.lesions },
      archives: (byCase.get(`${row.device_id} ${row.case_id}`) ?? []).map(cloudArchive),
      ...certificates.get(`${row.device_id} ${row.case_id}`),
    }));
  }

  /** Certificates of deletion, by device and case. */
  async #certificates(only: { readonly case_id: string } | undefined) {
    const query = this.#db.selectFrom('withdrawals').selectAll().where('certificate', 'is not', null);
    const rows = await (only ? query.where('case_id', '=', only.case_id) : query).execute();
    return new Map(rows.map((row) => [`${row.device_id} ${row.case_id}`, { certificate: row.certificate ?? '' }]));
  }
}

type SelectedArchive = Selectable<CatalogueTables['archives']> & { readonly base_archive_id: string | null };

function cloudArchive(row: SelectedArchive & { jws: string }): CloudCase['archives'][number] {
  const { archiveId, tier, sha256, bytes, files, base, receivedAt, withdrawnAt } = archiveRow(row);
  const standsOn = base === undefined ? {} : { base };
  const withdrawn = withdrawnAt === undefined ? {} : { withdrawnAt };
  return { archiveId, tier, sha256, bytes, files, ...standsOn, receivedAt, receipt: row.jws, ...withdrawn };
}

function archiveRow(row: SelectedArchive): ArchiveRow {
  return {
    deviceId: row.device_id,
    archiveId: row.archive_id,
    caseId: row.case_id,
    batch: row.batch,
    tier: row.tier as Tier,
    sha256: row.sha256 as Sha256,
    bytes: row.bytes,
    files: row.files,
    chunks: row.chunks,
    keys: JSON.parse(row.keys) as ArchiveRow['keys'],
    receivedAt: row.received_at,
    ...(row.base_archive_id === null ? {} : { base: row.base_archive_id }),
    ...(row.withdrawn_at === null ? {} : { withdrawnAt: row.withdrawn_at }),
  };
}
