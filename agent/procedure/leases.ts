import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { partialSuffix, unlinkDurable, writeFileDurable } from '../../core/files.ts';
import type { Lease } from '../../protocol/control.ts';

export class LeaseError extends GatewayError<'LEASE_NOT_WRITTEN'> {}

const suffix = '.lease';
const longestReason = 200;

/**
 * Leases are files, one each, written durably: they outlive a kill -9, and a command can take one while the daemon is
 * dead. A file that cannot be read counts as a lease that never expires: unknown is busy.
 */
export function readLeases(folder: string): readonly Lease[] {
  return names(folder).map((name) => parse(readFileSync(join(folder, name), 'utf8'), name));
}

/** Takes a lease; when it returns the lease is on disk. Throws LEASE_NOT_WRITTEN when it could not be made durable. */
export function takeLease(
  folder: string,
  wish: { readonly holder: string; readonly reason: string; readonly forMs?: number },
  clock: Clock,
): Lease {
  const lease: Lease = {
    id: `lease-${randomBytes(6).toString('hex')}`,
    holder: wish.holder,
    reason: wish.reason.slice(0, longestReason),
    startedAt: clock.now().toISOString(),
    bootId: clock.bootId,
    startedMonotonicMs: clock.monotonicMs(),
    ...(wish.forMs === undefined ? {} : { forMs: wish.forMs }),
  };
  write(folder, lease);
  return lease;
}

/** Releases every lease of one holder; returns those that were released. Other holders' leases stay. */
export function releaseLeases(folder: string, holder: string): readonly Lease[] {
  const own = readLeases(folder).filter((lease) => lease.holder === holder);
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
  return Math.max(0, lease.startedMonotonicMs + lease.forMs - clock.monotonicMs());
}

/** Removes what ran out and anchors what an earlier boot left, durably. Returns the leases that hold now. */
export function refreshLeases(folder: string, clock: Clock): readonly Lease[] {
  const holding: Lease[] = [];
  for (const lease of readLeases(folder)) {
    if (remainingMs(lease, clock) === 0) {
      unlinkDurable(join(folder, lease.id + suffix));
    } else if (lease.forMs !== undefined && lease.bootId !== clock.bootId) {
      const anchored = { ...lease, bootId: clock.bootId, startedMonotonicMs: clock.monotonicMs() };
      write(folder, anchored);
      holding.push(anchored);
    } else {
      holding.push(lease);
    }
  }
  return holding;
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(suffix) && !name.includes(partialSuffix));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function write(folder: string, lease: Lease): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o770 });
    writeFileDurable(join(folder, lease.id + suffix), `${JSON.stringify(lease)}\n`, 0o660);
  } catch (cause) {
    throw new LeaseError('LEASE_NOT_WRITTEN', 'the lease could not be written durably', {
      hint: 'Check free space and rights of the data folder; until then, disconnect the appliance from the network.',
      cause,
    });
  }
}

function parse(text: string, name: string): Lease {
  try {
    const found = JSON.parse(text) as Partial<Lease>;
    const timed = found.forMs === undefined || Number.isFinite(found.forMs);
    if (typeof found.holder === 'string' && typeof found.bootId === 'string' && timed) {
      return { ...(found as Lease), id: name.slice(0, -suffix.length) };
    }
  } catch {
    // Not JSON: falls through to the lease that holds until a person removes it.
  }
  return {
    id: name.slice(0, -suffix.length),
    holder: 'unreadable',
    reason: 'a lease file that cannot be read',
    startedAt: new Date(0).toISOString(),
    bootId: '',
    startedMonotonicMs: 0,
  };
}
