import { randomBytes } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { codeOf, GatewayError } from '../../core/errors.ts';
import { finishedFiles, syncFolder, unlinkDurable, writeFileDurable } from '../../core/files.ts';
import type { Lease } from '../../protocol/control.ts';

export class LeaseError extends GatewayError<'LEASE_NOT_WRITTEN'> {}

/** What a person or system asks for. Without `forMs` the lease holds until it is released. */
export interface LeaseWish {
  readonly holder: string;
  readonly reason: string;
  readonly forMs?: number;
}

/** Holder of a lease file that cannot be understood: it is released under this name. */
export const unreadableHolder = 'unreadable';

const suffix = '.lease';
const longestReason = 200;
const largestFileBytes = 4096;

/**
 * Leases are files, one each, written durably: they outlive a kill -9, and a command can take one while the daemon is
 * dead. A file that cannot be understood counts as a lease that never expires: unknown is busy.
 */
export function readLeases(folder: string): readonly Lease[] {
  return finishedFiles(folder, suffix).flatMap((name) => {
    const text = readHead(join(folder, name));
    return text === undefined ? [] : [parse(text, name)];
  });
}

/** A lease that starts now; nothing is written. */
export function newLease(wish: LeaseWish, clock: Clock): Lease {
  return {
    id: `lease-${randomBytes(6).toString('hex')}`,
    holder: wish.holder,
    reason: wish.reason.slice(0, longestReason),
    startedAt: clock.now().toISOString(),
    bootId: clock.bootId,
    startedMonotonicMs: clock.monotonicMs(),
    ...(wish.forMs === undefined ? {} : { forMs: wish.forMs }),
  };
}

/** Takes a lease; when it returns the lease is on disk. Throws LEASE_NOT_WRITTEN when it could not be made durable. */
export function takeLease(folder: string, wish: LeaseWish, clock: Clock): Lease {
  const lease = newLease(wish, clock);
  writeLease(folder, lease);
  return lease;
}

/** Releases every lease of one holder but `except`; returns those that were released. Other holders' leases stay. */
export function releaseLeases(folder: string, holder: string, except?: Lease): readonly Lease[] {
  const own = readLeases(folder).filter((lease) => lease.holder === holder && lease.id !== except?.id);
  for (const lease of own) unlinkDurable(join(folder, lease.id + suffix));
  return own;
}

/**
 * Milliseconds until a lease runs out, or undefined when it has no end. A lease from before a reboot cannot be timed
 * (the monotonic clock began anew, the wall clock may be wrong), so it counts its whole duration again from `clock`.
 */
export function remainingMs(lease: Lease, clock: Clock): number | undefined {
  if (lease.forMs === undefined) return undefined;
  if (lease.bootId !== clock.bootId) return lease.forMs;
  const passedMs = Math.max(0, clock.monotonicMs() - lease.startedMonotonicMs);
  return Math.max(0, lease.forMs - passedMs);
}

/** Removes what ran out and anchors what an earlier boot left, durably. Returns the leases that hold now. */
export function refreshLeases(folder: string, clock: Clock): readonly Lease[] {
  const holding: Lease[] = [];
  for (const lease of readLeases(folder)) {
    if (remainingMs(lease, clock) === 0) {
      unlinkDurable(join(folder, lease.id + suffix));
    } else if (lease.forMs !== undefined && lease.bootId !== clock.bootId) {
      const anchored = { ...lease, bootId: clock.bootId, startedMonotonicMs: clock.monotonicMs() };
      writeLease(folder, anchored);
      holding.push(anchored);
    } else {
      holding.push(lease);
    }
  }
  return holding;
}

/** Makes a lease durable. Throws LEASE_NOT_WRITTEN. */
export function writeLease(folder: string, lease: Lease): void {
  try {
    if (mkdirSync(folder, { recursive: true, mode: 0o770 }) !== undefined) syncFolder(dirname(folder));
    writeFileDurable(join(folder, lease.id + suffix), `${JSON.stringify(lease)}\n`, 0o660);
  } catch (cause) {
    throw new LeaseError('LEASE_NOT_WRITTEN', 'the lease could not be written durably', {
      hint: 'Check free space and rights of the data folder; until then, disconnect the appliance from the network.',
      cause,
    });
  }
}

/** The beginning of a file, enough for any lease; undefined when it was released since it was listed. */
function readHead(path: string): string | undefined {
  let handle: number | undefined;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const head = Buffer.alloc(largestFileBytes);
    return head.toString('utf8', 0, readSync(handle, head, 0, head.length, 0));
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : '';
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function parse(text: string, name: string): Lease {
  const id = name.slice(0, -suffix.length);
  try {
    const found: unknown = JSON.parse(text);
    if (isLease(found)) return { ...found, id };
  } catch {
    // Not JSON: falls through to the lease that holds until a person releases it.
  }
  return {
    id,
    holder: unreadableHolder,
    reason: `a lease file that cannot be read; \`procedure stop --holder ${unreadableHolder}\` removes it`,
    startedAt: new Date(0).toISOString(),
    bootId: '',
    startedMonotonicMs: 0,
  };
}

function isLease(found: unknown): found is Lease {
  if (typeof found !== 'object' || found === null) return false;
  const { holder, reason, startedAt, bootId, startedMonotonicMs, forMs } = found as Record<string, unknown>;
  const texts = [holder, reason, startedAt, bootId].every((value) => typeof value === 'string');
  const isTimed = forMs === undefined || (Number.isFinite(forMs) && Number.isFinite(startedMonotonicMs));
  return texts && isTimed;
}
