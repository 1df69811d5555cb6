import { z } from 'zod';
import { type PolicyOrder, smaller } from './policy-order.ts';
import { commonWindows, weekWindowSchema } from './week-window.ts';

/** The slowest ceiling: below it a piece of a block would take longer than a silent connection is kept. */
const leastBytesPerSecond = 16 * 1024;

/** The part of a policy that says when and how fast archives are uploaded. Absent: without that limit. */
export const uploadPolicySchema = z.strictObject({
  /** Blocks in flight at a time. */
  parallelBlocks: z.int().min(1).max(4).default(2),
  /** Of all archives together, over every second. */
  maxBytesPerSecond: z.int().min(leastBytesPerSecond).exactOptional(),
  /** In the site's local time. An empty list lets no archive out at any time. */
  windows: z.array(weekWindowSchema).max(50).exactOptional(),
  /** What is owed and makes no step towards its receipt for so long is an alarm. */
  alarmHours: z
    .number()
    .min(0.1)
    .max(24 * 31)
    .default(24),
});
export type UploadPolicy = z.infer<typeof uploadPolicySchema>;

/** Which way the cloud may move each field. A field without an order is the site's alone. */
export const uploadOrders = {
  parallelBlocks: 'min',
  maxBytesPerSecond: 'min',
  windows: 'subset',
  alarmHours: 'min',
} as const satisfies Record<keyof UploadPolicy, PolicyOrder>;

/** The site's policy as the cloud may tighten it: allows nothing that the site's forbids. */
export function tightenUpload(site: UploadPolicy, desired: Partial<UploadPolicy>): UploadPolicy {
  const maxBytesPerSecond = smaller(site.maxBytesPerSecond, desired.maxBytesPerSecond);
  const windows = site.windows && desired.windows ? commonWindows(site.windows, desired.windows) : undefined;
  const open = windows ?? desired.windows ?? site.windows;
  return {
    parallelBlocks: smaller(site.parallelBlocks, desired.parallelBlocks),
    alarmHours: smaller(site.alarmHours, desired.alarmHours),
    ...(maxBytesPerSecond === undefined ? {} : { maxBytesPerSecond }),
    ...(open === undefined ? {} : { windows: open }),
  };
}
