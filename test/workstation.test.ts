import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workstation } from './harness/workstation.ts';

test('GATE-04: in a day of detection, intake and delivery no packet reaches the workstation', async (t) => {
  const workstation = Workstation.create();
  if (!workstation) return t.skip('no network namespaces here');
  t.after(() => workstation.remove());
  const { day, onPurpose } = await workstation.day();
  assert.equal(day, 0, `${day} packets reached the workstation`);
  assert.ok(onPurpose > 0, 'the counter counts');
});
