import type { Decision, SourceName } from '../../protocol/control.ts';
import { firstMemory, type Memory, opensGate, type Rules, step } from './detector.ts';
import type { Statement } from './evidence.ts';

/** What a policy would have done with a recording. */
export interface Replay {
  readonly recordedMinutes: number;
  /** While one of the sources that count as the truth said busy. */
  readonly procedureMinutes: number;
  readonly policy: Outcome;
  /** What was really done. */
  readonly asRecorded: Outcome;
}

export interface Outcome {
  readonly openMinutes: number;
  /** Open while a procedure ran: none may be. */
  readonly missMinutes: number;
  /** Closed while none ran: what carefulness costs. */
  readonly needlessMinutes: number;
}

export interface Policy {
  readonly rules: Rules;
  /** Sources that this policy has; what others said is left out. */
  readonly sources: readonly SourceName[];
  /** Whose busy counts as the truth. */
  readonly truth: readonly SourceName[];
}

/** A stretch of the recording in which nobody said anything new. */
interface Stretch {
  readonly decision: Decision;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Runs the detector over a recording under another policy. Evidence counts from the line where it stands to the next
 * line, as every change of it is a line. What lies between two boots, or two daemons, is not known and left out.
 */
export function replay(decisions: readonly Decision[], policy: Policy): Replay {
  const sum = { recorded: 0, procedure: 0 };
  const [mine, real] = [new Tally(), new Tally()];
  let memory: Memory = firstMemory;
  for (const { decision, fromMs, toMs } of stretchesOf(decisions)) {
    if (decision.started) memory = firstMemory;
    const isBusy = decision.evidence.some(({ source, says }) => says === 'busy' && policy.truth.includes(source));
    const said = decision.evidence.filter(({ source }) => policy.sources.includes(source));
    sum.recorded += toMs - fromMs;
    if (isBusy) sum.procedure += toMs - fromMs;
    real.add(decision.gate === 'open', isBusy, toMs - fromMs);
    let atMs = fromMs;
    while (atMs < toMs) {
      memory = look(memory, said, atMs, policy.rules);
      const nextMs = Math.min(toMs, cooledAtMs(memory, policy.rules));
      mine.add(opensGate(memory.state), isBusy, nextMs - atMs);
      atMs = nextMs;
    }
  }
  const asRecorded = real.outcome;
  return {
    ...{ recordedMinutes: minutes(sum.recorded), procedureMinutes: minutes(sum.procedure) },
    ...{ policy: mine.outcome, asRecorded },
  };
}

function stretchesOf(decisions: readonly Decision[]): readonly Stretch[] {
  return decisions.flatMap((decision, at) => {
    const next = decisions[at + 1];
    if (!next || next.bootId !== decision.bootId || next.started || next.monotonicMs < decision.monotonicMs) return [];
    return [{ decision, fromMs: decision.monotonicMs, toMs: next.monotonicMs }];
  });
}

function look(memory: Memory, said: Decision['evidence'], nowMs: number, rules: Rules): Memory {
  const statements = said.map(({ source, key, says, what }): Statement => {
    return { source, key, says, what, sinceMs: nowMs, lifetimeMs: 1 };
  });
  const reading = { nowMs, suspendedMs: 0, statements };
  const once = step(memory, reading, rules);
  return once.state === 'settling' ? step(once, reading, rules) : once;
}

/** When a settling room is next looked at; never, if it does not settle. */
function cooledAtMs({ state, freeSinceMs }: Memory, { coolDownMs }: Rules): number {
  return state === 'settling' && freeSinceMs !== undefined ? freeSinceMs + coolDownMs : Number.POSITIVE_INFINITY;
}

class Tally {
  #open = 0;
  #miss = 0;
  #needless = 0;

  add(isOpen: boolean, isBusy: boolean, ms: number): void {
    if (isOpen) this.#open += ms;
    if (isOpen && isBusy) this.#miss += ms;
    if (!isOpen && !isBusy) this.#needless += ms;
  }

  get outcome(): Outcome {
    const [openMinutes, missMinutes, needlessMinutes] = [this.#open, this.#miss, this.#needless].map(minutes);
    return { openMinutes: openMinutes ?? 0, missMinutes: missMinutes ?? 0, needlessMinutes: needlessMinutes ?? 0 };
  }
}

const minutes = (ms: number) => Math.round(ms / 6_000) / 10;
