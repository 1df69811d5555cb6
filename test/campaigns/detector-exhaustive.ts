import assert from 'node:assert/strict';
import { firstMemory, type Memory, type Rules, type step } from '../../agent/procedure/detector.ts';
import type { Statement } from '../../agent/procedure/evidence.ts';
import type { Override } from '../../agent/procedure/override.ts';
import type { Authority } from '../../protocol/control.ts';

export type Detect = typeof step;

/** Time in this small world goes in ticks; a look is due every tick. */
const tickMs = 10_000;
const coolDownTicks = 3;
const nowMs = 1_000_000_000;
const endless = 9;
/** The last sleep of the machine lies before everything that is said, but for what is void by it. */
const sleptAtMs = nowMs - 100 * tickMs;

/** Ticks that each piece of evidence is worth when it is made, and what it is made by. */
const leaseTicks = 2;
const busyTicks = 3;
const freeTicks = 5;
const maybeTicks = 2;
const overrideTicks = 4;
/** The site allows no override longer than this. */
const overrideMaxTicks = 3;

/**
 * Everything that distinguishes one situation from another. Ages and spans are in ticks and capped where more of them
 * makes no difference, so the world is finite.
 */
interface Situation {
  readonly state: Memory['state'];
  /** How long the detector believes the room to be free; -1: not. */
  readonly freeFor: number;
  /** Leases: none, so many ticks left, `endless`, or -1 when their folder cannot be read. */
  readonly lease: number;
  /** What the listener last said, and how many ticks are left of it. */
  readonly busy: number;
  readonly free: number;
  /** The free statement is older than the last sleep of the machine. */
  readonly freeIsVoid: boolean;
  readonly maybe: number;
  /** Ticks left of a person's word by the oracle's count; 0: it does not count. */
  readonly override: number;
  /** The detector still holds it. */
  readonly isHeld: boolean;
  /** How long ago it was given, for the detector. */
  readonly givenFor: number;
  /** It was given against what the listener said then, and the listener has said nothing since. */
  readonly isAside: boolean;
  /** The oracle's own count: looks in a row, in ticks, at which the room was free and nobody said otherwise; -1: not. */
  readonly calm: number;
}

const beginning: Situation = {
  ...{ state: 'unknown', freeFor: -1, lease: 0, busy: 0, free: 0, freeIsVoid: false, maybe: 0, calm: -1 },
  ...{ override: 0, isHeld: false, givenFor: 0, isAside: false },
};

type Change = (now: Situation) => Situation;

/** What the room may do between two looks. */
const changes: Readonly<Record<string, Change>> = {
  nothing: (now) => now,
  'lease taken': (now) => ({ ...now, lease: endless }),
  'timed lease taken': (now) => ({ ...now, lease: leaseTicks }),
  'lease released': (now) => ({ ...now, lease: 0 }),
  'leases unreadable': (now) => ({ ...now, lease: -1 }),
  'listener says busy': (now) => ({ ...now, busy: busyTicks, isAside: false }),
  'listener takes busy back': (now) => ({ ...now, busy: 0 }),
  'listener says free': (now) => ({ ...now, free: freeTicks, freeIsVoid: false }),
  'listener takes free back': (now) => ({ ...now, free: 0 }),
  'weak evidence': (now) => ({ ...now, maybe: maybeTicks }),
  // Also where the appliance would refuse it: the detector by itself must be safe.
  override: (now) => ({ ...now, override: overrideTicks, isHeld: true, givenFor: 0, isAside: now.busy > 0 }),
};

/** How the time passes until the look. */
const passages = ['on time', 'late', 'suspended', 'restart', 'reboot'] as const;
type Passage = (typeof passages)[number];

export interface Exploration {
  readonly situations: number;
  readonly steps: number;
  /** Steps after which the gate was open. */
  readonly open: number;
}

/** Visits every situation that can be reached, and takes every step out of each. Throws at the first broken promise. */
export function explore(detect: Detect, authorities: readonly Authority[], allowsOverride = false): Exploration {
  const overrideMaxMs = allowsOverride ? overrideMaxTicks * tickMs : undefined;
  const rules: Rules = { authorities, coolDownMs: coolDownTicks * tickMs, overrideMaxMs };
  const seen = new Map([[keyOf(beginning), beginning]]);
  let steps = 0;
  let open = 0;
  for (const situation of seen.values()) {
    for (const [name, change] of Object.entries(changes)) {
      for (const passage of passages) {
        const next = go(detect, rules, situation, change, passage);
        steps++;
        if (next.state === 'idle') open++;
        assertSafe(situation, next, rules, `${name}, ${passage}`);
        if (!seen.has(keyOf(next))) seen.set(keyOf(next), next);
      }
    }
    assertAlive(detect, rules, situation);
  }
  return { situations: seen.size, steps, open };
}

/** One step of the world and of the detector, side by side. */
function go(detect: Detect, rules: Rules, before: Situation, change: Change, passage: Passage): Situation {
  const forgets = passage === 'restart' || passage === 'reboot';
  const changed = change(before);
  const ticks = passage === 'suspended' ? 0 : passage === 'late' ? 2 : 1;
  const left = (span: number) => (span === endless || span < 0 ? span : Math.max(0, span - ticks));
  const world = {
    // A reboot begins the time of a lease and of a busy statement afresh; a free one is never carried over.
    lease: passage === 'reboot' && changed.lease > 0 ? changed.lease : left(changed.lease),
    busy: passage === 'reboot' ? changed.busy : left(changed.busy),
    free: forgets ? 0 : left(changed.free),
    maybe: forgets ? 0 : left(changed.maybe),
    freeIsVoid: changed.freeIsVoid || passage === 'suspended',
  };
  const givenFor = changed.givenFor + ticks;
  const override: Override = {
    ...{ sinceMs: nowMs - givenFor * tickMs, lifetimeMs: overrideTicks * tickMs },
    setsAside: changed.isAside ? [{ source: 'hl7', key: 'busy' }] : [],
  };
  const memory: Memory = forgets
    ? firstMemory
    : {
        ...{ state: before.state, voidUntilMs: sleptAtMs, suspendedMs: 0 },
        ...(before.freeFor < 0 ? {} : { freeSinceMs: nowMs - (before.freeFor + ticks) * tickMs }),
        dueMs: nowMs - (ticks - 1) * tickMs,
        ...(changed.isHeld ? { override } : {}),
      };
  const suspendedMs = passage === 'suspended' ? tickMs : 0;
  const after = detect(memory, { nowMs, suspendedMs, statements: statementsOf(world) }, rules);
  const overrideLeft = overrideAfter(changed, world, passage, rules);
  const known = { ...world, override: overrideLeft };
  const isCalm = isFree(known, rules) && isUndisturbed({ ...known, isAside: changed.isAside });
  const isUnbroken = passage === 'on time' && before.calm >= 0;
  const freeFor = after.freeSinceMs === undefined ? -1 : Math.round((nowMs - after.freeSinceMs) / tickMs);
  return {
    ...known,
    isHeld: after.override !== undefined,
    givenFor: after.override === undefined ? 0 : Math.min(givenFor, overrideTicks),
    isAside: after.override !== undefined && changed.isAside && world.busy > 0,
    state: after.state,
    freeFor: Math.min(freeFor, coolDownTicks),
    calm: !isCalm ? -1 : isUnbroken ? Math.min(before.calm + 1, coolDownTicks) : 0,
  };
}

type World = Pick<Situation, 'lease' | 'busy' | 'free' | 'freeIsVoid' | 'maybe'>;

/** The oracle's rule: a person's word ends with its time, a restart, a sleep, or anything that speaks against it. */
function overrideAfter(before: Situation, world: World, passage: Passage, rules: Rules): number {
  if (rules.overrideMaxMs === undefined || (passage !== 'on time' && passage !== 'late')) return 0;
  const left = before.override - (passage === 'late' ? 2 : 1);
  const isOver = left <= overrideTicks - overrideMaxTicks;
  const isAgainst = world.lease !== 0 || world.maybe > 0 || (world.busy > 0 && !before.isAside);
  return isOver || isAgainst ? 0 : left;
}

/** Nothing that counts speaks against an open gate. */
function isUndisturbed(world: World & Pick<Situation, 'override' | 'isAside'>): boolean {
  const isBusy = world.busy > 0 && !(world.override > 0 && world.isAside);
  return world.lease <= 0 && !isBusy && world.maybe === 0;
}

/** Whether an authority says free, or a person does, in the words of this world. */
function isFree(world: World & Pick<Situation, 'override'>, rules: Rules): boolean {
  if (world.override > 0) return true;
  const byLeases = rules.authorities.includes('leases') && world.lease === 0;
  return byLeases || (rules.authorities.includes('hl7') && world.free > 0 && !world.freeIsVoid);
}

/** The same world as statements; the ages are such that exactly the right time is left. */
function statementsOf(world: World): Statement[] {
  const said: Statement[] = [];
  const say = (source: Statement['source'], says: Statement['says'], left: number, lifetime: number) => {
    const span = left === endless ? {} : { lifetimeMs: lifetime * tickMs };
    said.push({ source, key: says, says, sinceMs: nowMs - (lifetime - left) * tickMs, ...span, what: says });
  };
  if (world.lease === 0) say('leases', 'free', 1, 1);
  else if (world.lease < 0) say('leases', 'nothing', 1, 1);
  else say('leases', 'busy', world.lease, leaseTicks);
  // What ran out is still shown: to leave it out of account is the detector's business.
  say('hl7', 'busy', world.busy, busyTicks);
  say('activity', 'maybe', world.maybe, maybeTicks);
  if (world.freeIsVoid && world.free > 0) {
    const sinceMs = sleptAtMs - tickMs;
    const lifetimeMs = nowMs - sinceMs + world.free * tickMs;
    said.push({ source: 'hl7', key: 'free', says: 'free', sinceMs, lifetimeMs, what: '' });
  } else {
    say('hl7', 'free', world.free, freeTicks);
  }
  return said;
}

function assertSafe(before: Situation, after: Situation, rules: Rules, how: string): void {
  const context = `${how}: ${JSON.stringify({ before, after, authorities: rules.authorities })}`;
  if (after.state !== 'idle') {
    const isNeedless = before.state === 'idle' && after.calm >= 0 && /(on time|late)$/.test(how);
    assert.ok(!isNeedless, `closed for no reason: ${context}`);
    return;
  }
  assert.ok(isUndisturbed(after), `open while somebody says busy: ${context}`);
  assert.ok(after.lease === 0 || after.override === 0, `a person's word against a lease: ${context}`);
  assert.ok(isFree(after, rules), `open while no authority says free: ${context}`);
  if (before.state !== 'idle') assert.ok(after.calm >= coolDownTicks, `opened before the cool-down: ${context}`);
  if (how.endsWith('suspended')) assert.fail(`open at once after a sleep: ${context}`);
}

/** From everywhere a room that is said to be free for the whole cool-down opens: a gate that never opens is no proof. */
function assertAlive(detect: Detect, rules: Rules, from: Situation): void {
  if (rules.authorities.length === 0) return;
  const calm: Change = (now) => ({ ...now, lease: 0, busy: 0, maybe: 0, free: freeTicks, freeIsVoid: false });
  // What a person said may run out on the way: an authority's word goes on.
  let at = from;
  for (let tick = 0; tick <= coolDownTicks + 1; tick++) at = go(detect, rules, at, calm, 'on time');
  assert.equal(at.state, 'idle', `never opens: ${JSON.stringify({ from, at })}`);
}

const keyOf = (situation: Situation) => Object.values(situation).join(' ');
