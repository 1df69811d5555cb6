import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainHash, firstHead } from '../protocol/audit.ts';
import { trailFaults } from './audit-trail.ts';
import { type AuditHeadRow, complaintOf } from './catalogue/audit-heads.ts';

/** A chain of records, and its segments of so many. */
function chain(length: number, name = 'one') {
  const records = Array.from({ length }, (_, at) => JSON.stringify({ name, seq: at + 1 }));
  const hashes = [firstHead.hash];
  for (const record of records) hashes.push(chainHash(hashes.at(-1) ?? '', record));
  const segment = (first: number, last: number) => {
    const head = { v: 1, first, last, before: hashes[first - 1], hash: hashes[last] };
    const body = Buffer.from(`${[JSON.stringify(head), ...records.slice(first - 1, last)].join('\n')}\n`);
    return { batch: `bat-${first}`, body };
  };
  const head = (seq: number, at = seq): AuditHeadRow => ({
    ...{ batch: `bat-${seq}`, seq, hash: hashes[seq] ?? '' },
    createdAt: new Date(at * 1000).toISOString(),
  });
  return { segment, head };
}

const codes = (faults: ReturnType<typeof trailFaults>) => faults.map(({ code, batch }) => `${code} ${batch}`);

test('a log that grows has no fault, in whatever order its batches and segments come', () => {
  const { segment, head } = chain(12);
  const heads = [head(4), head(9), head(12)];
  const segments = [segment(1, 5), segment(6, 9), segment(10, 12)];
  assert.deepEqual(trailFaults(heads, segments), []);
  assert.deepEqual(trailFaults(heads.toReversed(), segments.toReversed()), []);
  assert.deepEqual(trailFaults(heads, [segment(1, 5), segment(10, 12)]), [], 'one has not come yet');
});

test('a head of a later batch that is shorter, and another hash at the same place, are complained of', () => {
  const { head } = chain(12);
  assert.equal(complaintOf(head(9), [head(4)]), undefined);
  assert.equal(complaintOf(head(4, 4), [head(9, 9)]), undefined, 'an earlier batch that arrives late');
  assert.equal(complaintOf(head(9), [head(9, 8)]), undefined, 'nothing was recorded meanwhile');
  assert.equal(complaintOf(head(4, 10), [head(9, 9)]), 'AUDIT_BACKWARD');
  assert.equal(complaintOf(chain(12, 'other').head(9), [head(9)]), 'AUDIT_FORKED');
});

test('a log that was made anew is found by a segment that came before, and by a head that was signed', () => {
  const [one, other] = [chain(12), chain(12, 'other')];
  assert.deepEqual(codes(trailFaults([], [one.segment(1, 5), other.segment(6, 9)])), ['AUDIT_ALTERED bat-6']);
  assert.deepEqual(codes(trailFaults([], [one.segment(1, 9), other.segment(4, 9)])), ['AUDIT_ALTERED bat-4']);
  assert.deepEqual(codes(trailFaults([one.head(4)], [other.segment(1, 9)])), ['AUDIT_FORKED bat-4']);
  assert.deepEqual(codes(trailFaults([{ ...one.head(4), complaint: 'AUDIT_BACKWARD' }], [])), ['AUDIT_BACKWARD bat-4']);
});

test('a segment of which any byte was changed is found', () => {
  const { segment } = chain(6);
  const { batch, body } = segment(1, 6);
  for (let at = 0; at < body.length - 1; at++) {
    const changed = Buffer.from(body);
    changed[at] = (changed[at] ?? 0) ^ 1;
    // The version and the names of the first line's fields say nothing of the records.
    if (at < body.indexOf(10) && trailFaults([], [{ batch, body: changed }]).length === 0) continue;
    assert.equal(trailFaults([], [{ batch, body: changed }]).length, 1, `byte ${at}`);
  }
});
