import type { Authority, ProcedureState } from '../../protocol/control.ts';
import { isFresh, type Statement } from './evidence.ts';
import { isInForce, isSetAside, type Override, statementOf } from './override.ts';

/**
 * What all evidence together says at one moment.
 * - `busy`   at least one fresh statement says that a procedure runs
 * - `maybe`  none says busy, but weak evidence says that one may run
 * - `free`   neither, and a named authority says that the room is free
 * - `silent` neither, and no authority says anything: nobody knows
 * - `cooled` `free` has held for the whole cool-down
 */
export type Word = 'busy' | 'maybe' | 'free' | 'silent' | 'cooled';

/**
 * unknown    no authority has spoken: counts as active, gate closed
 * suspected  weak evidence only: counts as active, gate closed
 * active     a procedure runs, gate closed
 * settling   the room is said to be free, the cool-down runs, gate closed
 * idle       free for the whole cool-down: the one state with an open gate
 */
// biome-ignore format: the columns are the documentation
export const transitions = [
  ['unknown',   'busy',   'active'   ],
  ['unknown',   'maybe',  'suspected'],
  ['unknown',   'free',   'settling' ],
  ['unknown',   'silent', 'unknown'  ],
  ['unknown',   'cooled', 'settling' ],
  ['suspected', 'busy',   'active'   ],
  ['suspected', 'maybe',  'suspected'],
  ['suspected', 'free',   'settling' ],
  ['suspected', 'silent', 'unknown'  ],
  ['suspected', 'cooled', 'settling' ],
  ['active',    'busy',   'active'   ],
  ['active',    'maybe',  'suspected'],
  ['active',    'free',   'settling' ],
  ['active',    'silent', 'unknown'  ],
  ['active',    'cooled', 'settling' ],
  ['settling',  'busy',   'active'   ],
  ['settling',  'maybe',  'suspected'],
  ['settling',  'free',   'settling' ],
  ['settling',  'silent', 'unknown'  ],
  ['settling',  'cooled', 'idle'     ],
  ['idle',      'busy',   'active'   ],
  ['idle',      'maybe',  'suspected'],
  ['idle',      'free',   'idle'     ],
  ['idle',      'silent', 'unknown'  ],
  ['idle',      'cooled', 'idle'     ],
] as const satisfies readonly (readonly [ProcedureState, Word, ProcedureState])[];

export type Transitions = readonly (readonly [ProcedureState, Word, ProcedureState])[];

/** The next state. Total: every state has a row for every word. */
export function nextState(state: ProcedureState, word: Word, table: Transitions = transitions): ProcedureState {
  const row = table.find(([from, heard]) => from === state && heard === word);
  return row ? row[2] : 'unknown';
}

/** The gate is open in one state only. */
export function opensGate(state: ProcedureState): boolean {
  return state === 'idle';
}

/**
 * Folds the evidence of one reading into a word.
 * `freeForMs`: how long the room has been free without interruption, on the monotonic clock of this boot.
 */
export function wordOf(reading: {
  readonly busy: number;
  readonly maybe?: number;
  readonly authoritiesFree: number;
  readonly freeForMs: number;
  readonly coolDownMs: number;
}): Word {
  if (reading.busy > 0) return 'busy';
  if ((reading.maybe ?? 0) > 0) return 'maybe';
  if (reading.authoritiesFree === 0) return 'silent';
  return reading.freeForMs >= reading.coolDownMs ? 'cooled' : 'free';
}

/** What the site says about judging evidence. */
export interface Rules {
  readonly authorities: readonly Authority[];
  readonly coolDownMs: number;
  /** The longest that a person may override evidence; absent: the site allows no override. */
  readonly overrideMaxMs?: number | undefined;
  /** The transition table; only tests put another one here. */
  readonly table?: Transitions;
}

/** What the detector remembers from one look to the next. It is never stored: a restart begins at `unknown`. */
export interface Memory {
  readonly state: ProcedureState;
  /** Since when the room has been free without interruption. */
  readonly freeSinceMs?: number;
  /** A `free` from until this moment is void: the machine has slept since, perhaps in that very millisecond. */
  readonly voidUntilMs: number;
  /** How long the machine has been asleep since it booted, as far as was seen. */
  readonly suspendedMs: number;
  /** When the next look is due at the latest. */
  readonly dueMs: number;
  /** A person's word, while it counts. It ends for good at the first look at which anything says busy or maybe. */
  readonly override?: Override;
}

export const firstMemory: Memory = {
  state: 'unknown',
  voidUntilMs: Number.NEGATIVE_INFINITY,
  suspendedMs: Number.POSITIVE_INFINITY,
  dueMs: Number.POSITIVE_INFINITY,
};

/** One look at everything: when, on clocks that cannot jump, and what is said. */
export interface Reading {
  /** Monotonic milliseconds of this boot; they stand still while the machine is suspended. */
  readonly nowMs: number;
  /** Milliseconds that the machine has been suspended in this boot. */
  readonly suspendedMs: number;
  readonly statements: readonly Statement[];
}

/** A look that comes so much later than it was due: this process was stopped, and saw nothing meanwhile. */
export const sleptMs = 2_000;

/**
 * The whole detector: what is remembered and what is read now give the next state. Pure; knows no wall clock. The only
 * way into `idle` is `cooled`: no fresh busy or maybe, and a fresh free of a named authority at every look for the
 * whole cool-down. A look that came late begins the cool-down afresh; after a sleep of the machine an idle room settles
 * again too, because what happened in the room meanwhile was not heard. A person's word counts as one more authority; it
 * opens nothing without the cool-down.
 */
export function step(memory: Memory, reading: Reading, rules: Rules): Memory {
  const { nowMs, suspendedMs } = reading;
  const wasSuspended = suspendedMs > memory.suspendedMs + sleptMs;
  const missedSomething = wasSuspended || nowMs > memory.dueMs + sleptMs;
  const voidUntilMs = wasSuspended ? nowMs : memory.voidUntilMs;
  const override = wasSuspended ? undefined : overrideAt(memory, reading, rules);
  const said = override ? [...reading.statements, statementOf(override)] : reading.statements;
  const counted = said.filter((statement) => counts(statement, { nowMs, voidUntilMs, rules, override }));
  const authoritiesFree = counted.filter(({ says }) => says === 'free').length;
  const freeSinceMs = authoritiesFree === 0 ? undefined : missedSomething ? nowMs : (memory.freeSinceMs ?? nowMs);
  const word = wordOf({
    busy: counted.filter(({ says }) => says === 'busy').length,
    maybe: counted.filter(({ says }) => says === 'maybe').length,
    authoritiesFree,
    freeForMs: nowMs - (freeSinceMs ?? nowMs),
    coolDownMs: rules.coolDownMs,
  });
  const blocked = word === 'busy' || word === 'maybe';
  const from = wasSuspended && opensGate(memory.state) ? 'settling' : memory.state;
  return {
    state: nextState(from, word, rules.table),
    ...(freeSinceMs === undefined || blocked ? {} : { freeSinceMs }),
    ...{ voidUntilMs, suspendedMs, dueMs: memory.dueMs },
    ...(override && !blocked ? { override } : {}),
  };
}

function overrideAt(memory: Memory, { nowMs, statements }: Reading, rules: Rules): Override | undefined {
  const { override, voidUntilMs } = memory;
  const at = { nowMs, voidUntilMs, statements, maxMs: rules.overrideMaxMs };
  return override && isInForce(override, at) ? override : undefined;
}

/**
 * Whether a statement has a say now: it is fresh, nobody who may has set it aside, and a `free` comes from a named
 * authority since the last sleep.
 */
export function counts(
  statement: Statement,
  at: {
    readonly nowMs: number;
    readonly voidUntilMs: number;
    readonly rules: Pick<Rules, 'authorities'>;
    readonly override?: Override | undefined;
  },
): boolean {
  if (statement.source === 'override') return at.override !== undefined;
  if (statement.says === 'nothing' || !isFresh(statement, at.nowMs)) return false;
  if (at.override && isSetAside(statement, at.override)) return false;
  if (statement.says !== 'free') return true;
  return (
    statement.lifetimeMs !== undefined &&
    statement.sinceMs > at.voidUntilMs &&
    at.rules.authorities.some((authority) => authority === statement.source)
  );
}
