import assert from 'node:assert/strict';
import { step } from '../../agent/procedure/detector.ts';
import type { Authority } from '../../protocol/control.ts';
import { type Exploration, explore } from './detector-exhaustive.ts';
import { mutants } from './detector-mutants.ts';
import { type Orders, randomOrders } from './detector-orders.ts';

export interface DetectorReport {
  readonly seed: number;
  readonly exhaustive: Readonly<Record<string, Exploration>>;
  readonly random: Orders;
  /** Faults put into the detector; every one was found. */
  readonly mutants: number;
}

const policies: readonly (readonly Authority[])[] = [[], ['leases'], ['hl7'], ['leases', 'hl7']];
/** Enough to meet each mutant that the small world does not tell apart. */
const ordersPerMutant = 1_000;

/**
 * The detector against everything that can happen: each situation of a small world, then random orders of a large one.
 * Then the same with a fault in it, fault by fault: a campaign that finds none proves nothing.
 */
export function detectorCampaign(seed: number, orders: number): DetectorReport {
  const exhaustive = Object.fromEntries(
    policies.flatMap((authorities) => {
      const name = authorities.join('+') || 'nobody';
      return [
        [name, explore(step, authorities)],
        [`${name} or a person`, explore(step, authorities, true)],
      ] as const;
    }),
  );
  assert.equal(exhaustive.nobody?.open, 0, 'without an authority it never opens');
  assert.ok((exhaustive['nobody or a person']?.open ?? 0) > 0, 'no override ever opened: the world is no test of it');
  const random = randomOrders(step, seed, orders);
  assert.ok(random.openings > orders / 20, `only ${random.openings} openings: the orders are no test`);
  const missed = Object.entries(mutants).filter(([, mutant]) => !isFound(() => tryOut(mutant, seed)));
  assert.deepEqual(
    missed.map(([name]) => name),
    [],
    'faults that were not found',
  );
  return { seed, exhaustive, random, mutants: Object.keys(mutants).length };
}

function tryOut(mutant: typeof step, seed: number): void {
  explore(mutant, []);
  for (const authorities of policies) explore(mutant, authorities, true);
  randomOrders(mutant, seed, ordersPerMutant);
}

function isFound(attempt: () => void): boolean {
  try {
    attempt();
    return false;
  } catch (error) {
    if (error instanceof assert.AssertionError) return true;
    throw error;
  }
}

/** The report for people. */
export function showDetectorReport({ seed, exhaustive, random, mutants: faults }: DetectorReport): string {
  const rows = Object.entries(exhaustive).map(
    ([who, { situations, steps, open }]) =>
      `  authority ${who}: ${situations} situations, ${steps} steps, ${open} of them with an open gate`,
  );
  const { orders, looks, openings } = random;
  return [
    'detector, every situation that can be reached:',
    ...rows,
    `random orders (seed ${seed}): ${orders}, with ${looks} looks and ${openings} openings, all of them due`,
    `faults put in: ${faults}, all found`,
  ].join('\n');
}
