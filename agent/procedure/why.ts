import type { EvidenceLine, ProcedureState } from '../../protocol/control.ts';
import { counts, type Memory, type Rules } from './detector.ts';
import { ageMs, remainsMs, type Statement } from './evidence.ts';

/** A statement as people see it: its age, what is left of it, and what it does to the gate. */
export function lineOf(statement: Statement, nowMs: number, memory: Memory, rules: Rules): EvidenceLine {
  const { source, says, what } = statement;
  const remaining = remainsMs(statement, nowMs);
  const { voidUntilMs, override } = memory;
  const hasSay = counts(statement, { nowMs, voidUntilMs, rules, override });
  return {
    ...{ source, says, what, ageMs: Math.round(ageMs(statement, nowMs)) },
    ...(Number.isFinite(remaining) ? { remainingMs: Math.round(remaining) } : {}),
    effect: !hasSay ? 'none' : says === 'free' ? 'allows' : 'closes',
  };
}

/**
 * In how many milliseconds the gate opens at the earliest if nobody says anything new: 0 while it is open; undefined
 * when that cannot be known (somebody holds it without an end, or nobody says free).
 */
export function opensInMs(
  memory: Memory,
  statements: readonly Statement[],
  nowMs: number,
  rules: Rules,
): number | undefined {
  if (memory.state === 'idle') return 0;
  const at = { nowMs, voidUntilMs: memory.voidUntilMs, rules, override: memory.override };
  const closing = statements.filter(({ says }) => says === 'busy' || says === 'maybe').filter((one) => counts(one, at));
  if (closing.length > 0) {
    const remains = Math.max(...closing.map((one) => remainsMs(one, nowMs)));
    return Number.isFinite(remains) ? remains + rules.coolDownMs : undefined;
  }
  if (memory.freeSinceMs === undefined) return undefined;
  return Math.max(0, rules.coolDownMs - (nowMs - memory.freeSinceMs));
}

/** One sentence: why the gate is as it is. `reasons` are what the lease holders typed. */
export function sentence(
  state: ProcedureState,
  lines: readonly EvidenceLine[],
  known: { readonly coolDownMs: number; readonly reasons: readonly string[] },
): string {
  const closing = lines.filter(({ effect }) => effect === 'closes');
  const free = lines.filter(({ effect }) => effect === 'allows').map(({ what }) => capital(what));
  switch (state) {
    case 'idle':
      return `${free.join('; ') || 'The room is free'}, and the cool-down is over.`;
    case 'settling':
      return `${free.join('; ') || 'The room is free'}; the cool-down of ${known.coolDownMs / 1000} s runs.`;
    case 'unknown': {
      const silent = lines.filter(({ says }) => says === 'nothing').map(({ what }) => capital(what));
      return silent.join(' ') || 'No authority has said yet that the room is free.';
    }
    case 'suspected':
    case 'active':
      return [
        ...known.reasons,
        ...closing.filter(({ source }) => source !== 'leases').map(({ source, what }) => `${source}: ${what}`),
      ].join('; ');
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
