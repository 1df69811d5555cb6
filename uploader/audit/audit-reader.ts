import type { AuditHead } from '../../protocol/audit.ts';
import type { Statements } from '../statements.ts';
import { auditHead } from './audit-commands.ts';
import { type AuditRow, type AuditVerdict, type SegmentRow, verifyChain } from './verify.ts';

const columns = 'seq, id, record, why, hash';
const pageRows = 500;

/** What the audit log says, read through a connection that cannot write. */
export class AuditReader {
  readonly #sql: Statements;
  readonly #atOnce: <T>(read: () => T) => T;

  constructor(sql: Statements, atOnce: <T>(read: () => T) => T) {
    this.#sql = sql;
    this.#atOnce = atOnce;
  }

  get head(): AuditHead {
    return auditHead(this.#sql);
  }

  /** The last records, oldest first. */
  tail(count: number): AuditRow[] {
    const rows = this.#sql(`SELECT ${columns} FROM audit ORDER BY seq DESC LIMIT ?`).all(count) as AuditRow[];
    return rows.toReversed();
  }

  /** Records after a place in the chain, in order, a page at a time. */
  *after(seq: number): Generator<AuditRow> {
    for (let from = seq; ; ) {
      const page = this.page(from, pageRows);
      yield* page;
      const last = page.at(-1);
      if (!last) return;
      from = last.seq;
    }
  }

  page(afterSeq: number, count: number): AuditRow[] {
    const rows = this.#sql(`SELECT ${columns} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`).all(afterSeq, count);
    return rows as AuditRow[];
  }

  segments(): SegmentRow[] {
    const rows = this.#sql(
      `SELECT first_seq AS firstSeq, last_seq AS lastSeq, before, hash, state FROM audit_segments ORDER BY first_seq`,
    ).all();
    return rows as SegmentRow[];
  }

  /** The whole chain, of one moment. */
  verify(): AuditVerdict {
    return this.#atOnce(() =>
      verifyChain({ rows: this.after(0), segments: this.segments(), head: this.head, heads: this.#signedHeads() }),
    );
  }

  /** Heads in manifests that are kept until their receipt has come. */
  #signedHeads(): AuditHead[] {
    const rows = this.#sql(
      "SELECT manifest ->> '$.audit' AS head FROM batches WHERE manifest ->> '$.audit' IS NOT NULL",
    ).all() as { readonly head: string }[];
    return rows.map(({ head }) => JSON.parse(head) as AuditHead);
  }
}
