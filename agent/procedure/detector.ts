import type { ProcedureState } from '../../protocol/control.ts';

/**
 * What all evidence together says at one moment.
 * - `busy`   at least one fresh statement says that a procedure runs
 * - `free`   none says busy, and a named authority says that the room is free
 * - `silent` none says busy, and no authority says anything: nobody knows
 * - `cooled` `free` has held for the whole cool-down
 */
export type Word = 'busy' | 'free' | 'silent' | 'cooled';

/**
 * unknown    no authority has spoken: counts as active, gate closed
 * suspected  weak evidence only: counts as active, gate closed
 * active     a procedure runs, gate closed
 * settling   the room is said to be free, the cool-down runs, gate closed
 * idle       free for the whole cool-down: the one state with an open gate
 */
// biome-ignore format: the columns are the documentation
const transitions = [
  ['unknown',   'busy',   'active'  ],
  ['unknown',   'free',   'settling'],
  ['unknown',   'silent', 'unknown' ],
  ['unknown',   'cooled', 'settling'],
  ['suspected', 'busy',   'active'  ],
  ['suspected', 'free',   'settling'],
  ['suspected', 'silent', 'unknown' ],
  ['suspected', 'cooled', 'settling'],
  ['active',    'busy',   'active'  ],
  ['active',    'free',   'settling'],
  ['active',    'silent', 'unknown' ],
  ['active',    'cooled', 'settling'],
  ['settling',  'busy',   'active'  ],
  ['settling',  'free',   'settling'],
  ['settling',  'silent', 'unknown' ],
  ['settling',  'cooled', 'idle'    ],
  ['idle',      'busy',   'active'  ],
  ['idle',      'free',   'idle'    ],
  ['idle',      'silent', 'unknown' ],
  ['idle',      'cooled', 'idle'    ],
] as const satisfies readonly (readonly [ProcedureState, Word, ProcedureState])[];

/** The next state. Total: every state has a row for every word. */
export function nextState(state: ProcedureState, word: Word): ProcedureState {
  const row = transitions.find(([from, heard]) => from === state && heard === word);
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
  readonly authoritiesFree: number;
  readonly freeForMs: number;
  readonly coolDownMs: number;
}): Word {
  if (reading.busy > 0) return 'busy';
  if (reading.authoritiesFree === 0) return 'silent';
  return reading.freeForMs >= reading.coolDownMs ? 'cooled' : 'free';
}
