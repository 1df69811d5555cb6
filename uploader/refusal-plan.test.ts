import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planAfterRefusal, type RefusedArchive } from './refusal-plan.ts';

const archive = (nameTry = 1): RefusedArchive => ({ archiveId: 'arc', caseId: 'case', nameTry });

test('what got lost on its way is sent again, a number of times', () => {
  for (const code of ['BLOB_LOST', 'DIGEST_MISMATCH']) {
    assert.equal(planAfterRefusal(code, [archive(), archive()]), 'upload-again');
    assert.equal(planAfterRefusal(code, [archive(4)]), 'upload-again');
    assert.equal(planAfterRefusal(code, [archive(5)]), 'hold');
  }
});

test('a refusal of several archives holds none of them before each was judged alone', () => {
  assert.equal(planAfterRefusal('ARCHIVE_REFUSED', [archive(), archive()]), 'announce-alone');
  assert.equal(planAfterRefusal('ARCHIVE_REFUSED', [archive(2)]), 'hold');
  assert.equal(planAfterRefusal('some code of a later release', [archive()]), 'hold');
});

test('for whatever codes come, an archive is sent back a few times at most', () => {
  for (const codes of [['BLOB_LOST'], ['ARCHIVE_REFUSED'], ['BLOB_LOST', 'ARCHIVE_REFUSED']]) {
    let company = 3;
    let nameTry = 1;
    let rounds = 0;
    for (let plan: string | undefined; plan !== 'hold'; rounds++) {
      const archives = Array.from({ length: company }, () => archive(nameTry));
      plan = planAfterRefusal(codes[rounds % codes.length] ?? '', archives);
      nameTry += 1;
      company = 1;
    }
    assert.ok(rounds <= 6, `${rounds} rounds`);
  }
});
