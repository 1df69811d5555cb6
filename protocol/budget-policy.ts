import { z } from 'zod';
import { type PolicyOrder, smaller } from './policy-order.ts';

/** From the one that is in nobody's way to the one that is like everybody else. */
export const diskClasses = ['idle', 'lowest', 'normal'] as const;
export type DiskClass = (typeof diskClasses)[number];

/** What the appliance may take of its machine and of an inbox while the gate is open. Absent: without that limit. */
export const budgetPolicySchema = z.strictObject({
  /** Ceiling on what is read of an inbox. */
  readBytesPerSecond: z
    .int()
    .min(256 * 1024)
    .max(1e12)
    .exactOptional(),
  /** Most that each of the two compute threads uses of a processor, in per cent of one. */
  cpuPercent: z.number().min(5).max(100).exactOptional(),
  /** How the threads that do bulk work stand in line for the disk. */
  diskClass: z.enum(diskClasses).default('idle'),
});
export type BudgetPolicy = z.infer<typeof budgetPolicySchema>;

/** Which way the cloud may move each field; of the classes, towards the first. */
export const budgetOrders = {
  readBytesPerSecond: 'min',
  cpuPercent: 'min',
  diskClass: 'min',
} as const satisfies Record<keyof BudgetPolicy, PolicyOrder>;

/** The site's budgets as the cloud may tighten them: allow nothing that the site's forbid. */
export function tightenBudgets(site: BudgetPolicy, desired: Partial<BudgetPolicy>): BudgetPolicy {
  const readBytesPerSecond = smaller(site.readBytesPerSecond, desired.readBytesPerSecond);
  const cpuPercent = smaller(site.cpuPercent, desired.cpuPercent);
  const rank = smaller(rankOf(site.diskClass), desired.diskClass && rankOf(desired.diskClass));
  return {
    ...(readBytesPerSecond === undefined ? {} : { readBytesPerSecond }),
    ...(cpuPercent === undefined ? {} : { cpuPercent }),
    diskClass: diskClasses[rank] ?? 'idle',
  };
}

function rankOf(name: DiskClass): number {
  return diskClasses.indexOf(name);
}
