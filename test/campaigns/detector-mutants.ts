import { type Reading, step, type Transitions, transitions } from '../../agent/procedure/detector.ts';
import type { Statement } from '../../agent/procedure/evidence.ts';
import { authorities, type ProcedureState } from '../../protocol/control.ts';
import type { Detect } from './detector-exhaustive.ts';
import type { TimedStatement } from './detector-orders.ts';

const states: readonly ProcedureState[] = ['unknown', 'suspected', 'active', 'settling', 'idle'];

/** The table with one row changed so that it opens where it must not, or does not open where it should. */
function flips(): Readonly<Record<string, Detect>> {
  const flipped = transitions.flatMap(([from, word, right]) =>
    states
      .filter((wrong) => wrong !== right && (wrong === 'idle' || right === 'idle'))
      .filter(() => !isNeverReached(from, word))
      .map((wrong) => {
        const table: Transitions = transitions.map((row) =>
          row[0] === from && row[1] === word ? ([from, word, wrong] as const) : row,
        );
        const detect: Detect = (memory, reading, rules) => step(memory, reading, { ...rules, table });
        return [`${from} + ${word} leads to ${wrong}`, detect] as const;
      }),
  );
  return Object.fromEntries(flipped);
}

/** `cooled` is heard in these states with a cool-down of 0 only, where a way through `settling` is no way round. */
function isNeverReached(from: ProcedureState, word: string): boolean {
  return word === 'cooled' && ['unknown', 'suspected', 'active'].includes(from);
}

/** Faults that somebody could make in the detector; each must be found. */
export const mutants: Readonly<Record<string, Detect>> = {
  ...flips(),
  'lifetimes on the wall clock': (memory, reading, rules) => {
    const { nowMs, wallMs = 0 } = reading as Reading & { readonly wallMs?: number };
    const statements = reading.statements.map((one: TimedStatement) => ({
      ...one,
      sinceMs: one.saidAtWallMs === undefined ? one.sinceMs : nowMs - (wallMs - one.saidAtWallMs),
    }));
    return step(memory, { ...reading, statements }, rules);
  },
  'a sleep of the machine goes unnoticed': (memory, reading, rules) =>
    step(memory, { ...reading, suspendedMs: 0 }, rules),
  'a late look goes unnoticed': (memory, reading, rules) =>
    step({ ...memory, dueMs: Number.POSITIVE_INFINITY }, reading, rules),
  'everybody is an authority': (memory, reading, rules) => step(memory, reading, { ...rules, authorities }),
  'weak evidence is ignored': (memory, reading, rules) =>
    step(memory, { ...reading, statements: reading.statements.filter(({ says }) => says !== 'maybe') }, rules),
  'only the first statement is heard': (memory, reading, rules) =>
    step(memory, { ...reading, statements: reading.statements.slice(0, 1) }, rules),
  'what was said counts for ever': (memory, reading, rules) =>
    step(
      memory,
      { ...reading, statements: reading.statements.map((one) => ({ ...one, sinceMs: reading.nowMs })) },
      rules,
    ),
  'half the cool-down is enough': (memory, reading, rules) =>
    step(memory, reading, { ...rules, coolDownMs: rules.coolDownMs / 2 }),
  'a busy moment does not begin the cool-down afresh': (memory, reading, rules) => {
    const after = step(memory, reading, rules);
    return memory.freeSinceMs === undefined ? after : { ...after, freeSinceMs: memory.freeSinceMs };
  },
  'a restart remembers that the room was idle': (memory, reading, rules) =>
    step(memory.state === 'unknown' ? { ...memory, state: 'idle' } : memory, reading, rules),
  'free outweighs busy': (memory, reading, rules) => {
    const isFree = reading.statements.some(({ says }) => says === 'free');
    const statements = isFree ? reading.statements.filter(({ says }) => says === 'free') : reading.statements;
    return step(memory, { ...reading, statements }, rules);
  },
  'an override is believed where the site allows none': (memory, reading, rules) =>
    step(memory, reading, { ...rules, overrideMaxMs: Number.POSITIVE_INFINITY }),
  'an override outweighs everything': (memory, reading, rules) => {
    const isCalm = memory.override && rules.overrideMaxMs !== undefined;
    const statements = reading.statements.filter(({ says }) => says === 'free' || !isCalm);
    return step(memory, { ...reading, statements }, rules);
  },
  'an override outweighs a lease': (memory, reading, rules) => {
    const { nowMs } = reading;
    const free: Statement = { source: 'leases', key: '', says: 'free', sinceMs: nowMs, lifetimeMs: 1, what: '' };
    const others = reading.statements.filter(({ source }) => source !== 'leases');
    return step(memory, memory.override ? { ...reading, statements: [...others, free] } : reading, rules);
  },
  'an override outlives its time': (memory, reading, rules) => {
    const { override } = memory;
    return step(override ? { ...memory, override: { ...override, sinceMs: reading.nowMs } } : memory, reading, rules);
  },
  'an override comes back after it was outweighed': (memory, reading, rules) => {
    const after = step(memory, reading, rules);
    return memory.override && !after.override ? { ...after, override: memory.override } : after;
  },
  'an override goes on after a sleep': (memory, reading, rules) => {
    const after = step(memory, reading, rules);
    const hasSlept = reading.suspendedMs > memory.suspendedMs;
    return memory.override && hasSlept ? { ...after, override: memory.override } : after;
  },
  'what is said anew stays aside': (memory, reading, rules) => {
    const { override } = memory;
    const everything = override && {
      ...override,
      setsAside: reading.statements.map(({ source, key }) => ({ source, key })),
    };
    return step(
      everything ? { ...memory, override: { ...everything, sinceMs: reading.nowMs } } : memory,
      reading,
      rules,
    );
  },
  'an override needs no cool-down': (memory, reading, rules) =>
    step(memory, reading, memory.override ? { ...rules, coolDownMs: 0 } : rules),
  'it never opens': (memory, reading, rules) => {
    const after = step(memory, reading, rules);
    return after.state === 'idle' ? { ...after, state: 'settling' } : after;
  },
};
