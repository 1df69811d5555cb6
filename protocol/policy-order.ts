/**
 * How a policy field is tightened: each field declares the order along which the cloud may move it, and only towards
 * less. What a site leaves open (undefined) the cloud may close; what it closed, nobody opens.
 */
export type PolicyOrder = 'min' | 'max' | 'subset' | 'and' | 'or';

/** The smaller of two limits; undefined is no limit. */
export function smaller<T extends number | undefined>(site: T, desired: number | undefined): T | number {
  return site === undefined || desired === undefined ? (desired ?? site) : Math.min(site, desired);
}
