import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { placeOf } from '../../protocol/item-id.ts';
import { Ledger } from '../../uploader/index.ts';
import { outboxVerbs } from './index.ts';

test('a parked item is sent again or given up, once; what is not parked is refused', async (t) => {
  const ledger = await Ledger.open({ path: join(temporaryFolder(t), 'ledger.db'), log: silentLog });
  t.after(() => ledger.close());
  const [one = '', two = '', three = ''] = await Promise.all(
    ['one', 'two', 'three'].map((body) => ledger.enqueue({ kind: 'log', body })),
  );
  await ledger.parkItems({ items: [placeOf(one), placeOf(two)], why: 'refused: KIND_UNKNOWN' });
  const verbs = outboxVerbs(ledger);
  const refused = { code: 'NOT_PARKED' };
  await assert.rejects(verbs['outbox-drop']({ verb: 'outbox-drop', itemId: three, reason: 'x' }, { ledger }), refused);
  await verbs['outbox-retry']({ verb: 'outbox-retry', itemId: one }, { ledger });
  await verbs['outbox-drop']({ verb: 'outbox-drop', itemId: two, reason: 'x' }, { ledger });
  await assert.rejects(verbs['outbox-retry']({ verb: 'outbox-retry', itemId: one }, { ledger }), refused);
  await assert.rejects(verbs['outbox-retry']({ verb: 'outbox-retry', itemId: two }, { ledger }), refused);
  const [counts] = ledger.read.outbox.counts();
  assert.deepEqual([counts?.enqueued, counts?.queued, counts?.parked, counts?.dropped], [3, 2, 0, 1]);
});
