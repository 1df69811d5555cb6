import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BudgetPolicy, budgetOrders, budgetPolicySchema, diskClasses, tightenBudgets } from './budget-policy.ts';

const policies: BudgetPolicy[] = [undefined, 262_144, 1_000_000].flatMap((readBytesPerSecond) =>
  [undefined, 5, 50, 100].flatMap((cpuPercent) =>
    diskClasses.map((diskClass) => ({
      ...(readBytesPerSecond === undefined ? {} : { readBytesPerSecond }),
      ...(cpuPercent === undefined ? {} : { cpuPercent }),
      diskClass,
    })),
  ),
);

test('every budget declares its order', () => {
  assert.deepEqual(Object.keys(budgetOrders).toSorted(), Object.keys(budgetPolicySchema.shape).toSorted());
});

test('whatever the cloud wants, no budget becomes larger than the site’s, and it may become smaller', () => {
  const rank = ({ diskClass = 'normal' }: Partial<BudgetPolicy>) => diskClasses.indexOf(diskClass);
  for (const site of policies) {
    for (const desired of [...policies, {}] as Partial<BudgetPolicy>[]) {
      const merged = budgetPolicySchema.parse(tightenBudgets(site, desired));
      for (const wish of [site, desired]) {
        assert.ok((merged.readBytesPerSecond ?? Infinity) <= (wish.readBytesPerSecond ?? Infinity));
        assert.ok((merged.cpuPercent ?? Infinity) <= (wish.cpuPercent ?? Infinity));
        assert.ok(rank(merged) <= rank(wish));
      }
    }
    assert.deepEqual(tightenBudgets(site, {}), site);
  }
});
