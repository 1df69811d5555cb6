import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sha256 } from '../../core/digest.ts';
import { type AuditHead, chainHash, firstHead } from '../../protocol/audit.ts';
import { type AuditRow, type AuditVerdict, type SegmentRow, type StoredChain, verifyChain } from './verify.ts';

interface Chain extends StoredChain {
  readonly rows: AuditRow[];
}

/** A chain as the writer makes it; every fifth record has a reason. */
function someChain(length: number): Chain {
  const rows: AuditRow[] = [];
  let head: AuditHead = firstHead;
  for (let seq = 1; seq <= length; seq++) {
    const id = `aud-${seq}`;
    const why = seq % 5 === 0 ? randomBytes(40) : null;
    const record = JSON.stringify({ v: 1, id, evidence: seq, ...(why ? { whySha256: sha256(why) } : {}), seq });
    const hash = chainHash(head.hash, record);
    rows.push({ seq, id, record, why, hash });
    head = { seq, hash };
  }
  return { rows, segments: [], head, heads: [] };
}

/** As it would lie in the database: in the order of `seq`. */
function changed(chain: Chain, change: (rows: AuditRow[]) => void): Chain {
  const rows = structuredClone(chain.rows);
  change(rows);
  return { ...chain, rows: rows.toSorted((one, other) => one.seq - other.seq) };
}

function change(rows: AuditRow[], at: number, to: Partial<AuditRow>): void {
  rows[at] = { ...(rows[at] as AuditRow), ...to };
}

function found(verdict: AuditVerdict): string {
  return verdict.ok ? 'whole' : `${verdict.fault.kind} ${verdict.fault.seq}`;
}

const length = 23;
const chain = someChain(length);
const places = Array.from({ length }, (_, at) => at);

test('a whole chain is whole: empty, short, and with what was archived', () => {
  assert.equal(found(verifyChain(someChain(0))), 'whole');
  assert.deepEqual(verifyChain(chain), { ok: true, records: length, archived: 0, head: chain.head });
});

test('every record that is altered is named, whatever is altered of it', () => {
  for (const at of places) {
    const { record, why } = chain.rows[at] as AuditRow;
    const alterations: Partial<AuditRow>[] = [
      { record: record.replace('"evidence":', '"evidence":1') },
      { record: '{}' },
      { record: 'nothing' },
      { hash: 'f'.repeat(64) },
      { id: 'aud-other' },
      { why: why ? null : randomBytes(3) },
      ...(why ? [{ why: randomBytes(40) }] : []),
    ];
    for (const to of alterations) {
      const verdict = verifyChain(changed(chain, (rows) => change(rows, at, to)));
      assert.equal(found(verdict), `altered ${at + 1}`, JSON.stringify(to));
    }
  }
});

test('every record that is removed is named, the first and the last too; so are several', () => {
  for (const at of places) {
    assert.equal(found(verifyChain(changed(chain, (rows) => void rows.splice(at, 1)))), `missing ${at + 1}`);
    assert.equal(found(verifyChain(changed(chain, (rows) => void rows.splice(at)))), `missing ${at + 1}`);
  }
});

test('every two records that change places are found at the first of them', () => {
  for (const one of places) {
    for (const other of places.slice(one + 1)) {
      const [a, b] = [chain.rows[one] as AuditRow, chain.rows[other] as AuditRow];
      const whole = changed(chain, (rows) => {
        change(rows, one, { ...b, seq: a.seq });
        change(rows, other, { ...a, seq: b.seq });
      });
      assert.equal(found(verifyChain(whole)), `reordered ${one + 1}`);
    }
  }
});

test('records that are put in between, or behind the end, are found', () => {
  const more = someChain(length + 2);
  assert.equal(found(verifyChain({ ...more, head: chain.head })), `altered ${length + 1}`);
  const twice = changed(chain, (rows) => void rows.push(rows[4] as AuditRow));
  assert.equal(found(verifyChain(twice)), 'missing 6');
});

test('a chain that was made anew from some record on is found by a head that was signed before', () => {
  const forged = someChain(length);
  assert.equal(found(verifyChain(forged)), 'whole', 'nothing inside it tells');
  const { seq, hash } = chain.rows[8] as AuditRow;
  assert.equal(found(verifyChain({ ...forged, heads: [{ seq, hash }] })), 'altered 9');
  const short = someChain(5);
  assert.equal(found(verifyChain({ ...short, heads: [{ seq, hash }] })), 'missing 6');
});

test('archived segments close the chain; one that is missing or altered is found', () => {
  const segment = (first: number, last: number, state = 'archived'): SegmentRow => ({
    ...{ firstSeq: first, lastSeq: last, state },
    before: first === 1 ? firstHead.hash : (chain.rows[first - 2]?.hash ?? ''),
    hash: chain.rows[last - 1]?.hash ?? '',
  });
  const segments = [segment(1, 4), segment(5, 9), segment(10, 15, 'delivered')];
  const rest = changed(chain, (rows) => void rows.splice(0, 9));
  assert.deepEqual(verifyChain({ ...rest, segments }), { ok: true, records: 14, archived: 9, head: chain.head });
  assert.equal(found(verifyChain({ ...rest, segments: segments.slice(1) })), 'missing 1');
  assert.equal(found(verifyChain({ ...rest, segments: segments.toSpliced(1, 1) })), 'missing 5');
  const altered = segments.with(1, { ...segment(5, 9), hash: 'a'.repeat(64) });
  assert.equal(found(verifyChain({ ...rest, segments: altered })), 'altered 10');
  const otherBefore = segments.with(1, { ...segment(5, 9), before: 'a'.repeat(64) });
  assert.equal(found(verifyChain({ ...rest, segments: otherBefore })), 'altered 5');
  const delivered = segments.with(2, { ...segment(10, 15, 'delivered'), hash: 'a'.repeat(64) });
  assert.equal(found(verifyChain({ ...rest, segments: delivered })), 'altered 15');
});
