import { maxReportedBytes, type Reported } from '../protocol/twin.ts';
import { LinkError } from './errors.ts';

export type JsonObject = { readonly [key: string]: unknown };

/**
 * The RFC 7386 merge patch that turns `accepted` into `wanted`: changed and new members, `null` for those that are
 * gone, arrays whole. Undefined when nothing differs. Neither side may hold a `null`: in a merge patch it deletes.
 */
export function mergePatch(accepted: JsonObject, wanted: JsonObject): JsonObject | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(accepted)) if (!(key in wanted)) patch[key] = null;
  for (const [key, value] of Object.entries(wanted)) {
    const before = accepted[key];
    if (isObject(before) && isObject(value)) {
      const inner = mergePatch(before, value);
      if (inner) patch[key] = inner;
    } else if (JSON.stringify(before) !== JSON.stringify(value)) {
      patch[key] = value;
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/**
 * Free bytes change with every write, and no one needs to know. A free figure keeps its last accepted value until it
 * has moved by one hundredth of its total (disk) or five (memory), so that it alone rarely causes a report.
 */
export function steady(accepted: JsonObject, snapshot: Reported): Reported {
  const { disk, host } = snapshot;
  const diskFree = numberAt(accepted, 'disk', 'freeBytes');
  const memoryFree = numberAt(accepted, 'host', 'memoryFreeBytes');
  return {
    ...snapshot,
    disk: { ...disk, freeBytes: settle(diskFree, disk.freeBytes, disk.totalBytes * 0.01) },
    host: { ...host, memoryFreeBytes: settle(memoryFree, host.memoryFreeBytes, host.memoryTotalBytes * 0.05) },
  };
}

/** Refuses a section that IoT Hub would refuse, before it is sent. */
export function guardSize(wanted: JsonObject): void {
  const bytes = Buffer.byteLength(JSON.stringify(wanted));
  if (bytes > maxReportedBytes) {
    throw new LinkError('REPORT_TOO_LARGE', `the reported section has ${bytes} bytes, at most ${maxReportedBytes} fit`);
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function settle(before: number | undefined, now: number, step: number): number {
  return before !== undefined && Math.abs(now - before) < step ? before : now;
}

function numberAt(section: JsonObject, outer: string, inner: string): number | undefined {
  const object = section[outer];
  const value = isObject(object) ? object[inner] : undefined;
  return typeof value === 'number' ? value : undefined;
}
