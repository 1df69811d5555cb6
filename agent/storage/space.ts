/** How full the store is: `full` holds intake until it has come down to the lower mark. */
export type SpaceState = 'room' | 'full';

export interface Space {
  /** Taken by the store. */
  readonly usedBytes: number;
  /** Left on its disk. */
  readonly freeBytes: number;
}

export interface SpaceLimits {
  /** Most that the store may take; undefined: whatever the disk has above the reserve. */
  readonly quotaBytes?: number | undefined;
  /** Space on the disk that is not the store's. */
  readonly reserveBytes: number;
  readonly highPercent: number;
  readonly lowPercent: number;
}

/** All that the store may take: its quota, or what the disk lets it have, whichever is less. Never below 0. */
export function budgetOf({ usedBytes, freeBytes }: Space, { quotaBytes, reserveBytes }: SpaceLimits): number {
  return Math.max(0, Math.min(quotaBytes ?? Number.POSITIVE_INFINITY, usedBytes + freeBytes - reserveBytes));
}

/** What the store may still take. */
export function availableBytes(space: Space, limits: SpaceLimits): number {
  return Math.max(0, budgetOf(space, limits) - space.usedBytes);
}

/** Between the two marks it stays as it was, so that intake does not stutter along the upper one. */
export function nextSpaceState(before: SpaceState, space: Space, limits: SpaceLimits): SpaceState {
  const budget = budgetOf(space, limits);
  if (budget === 0 || space.usedBytes >= (budget * limits.highPercent) / 100) return 'full';
  return space.usedBytes <= (budget * limits.lowPercent) / 100 ? 'room' : before;
}
