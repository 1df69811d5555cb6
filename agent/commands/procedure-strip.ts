import { table } from '../../core/cli.ts';
import type { Decision } from '../../protocol/control.ts';

/** The history as a strip: one line per change of state or evidence, with what closed the gate or let it open. */
export function strip(decisions: readonly Decision[]): string {
  if (decisions.length === 0) return 'Nothing was decided in that time.';
  const rows = decisions.map((decision, at) => {
    const { state, gate, started, evidence } = decision;
    const lasted = minutesUntil(decision, decisions[at + 1]);
    const said = evidence
      .filter(({ says }) => says !== 'nothing')
      .map(({ source, says, what }) => `${source} ${says}: ${what}`);
    return [
      decision.at,
      gate,
      state,
      lasted,
      `${started ? '(started) ' : ''}${said.join('; ') || 'nobody says anything'}`,
    ];
  });
  return table([['since', 'gate', 'state', 'for', 'evidence'], ...rows]);
}

/** How long a decision stood, on the clock that cannot jump; empty over a reboot and for the last. */
function minutesUntil(decision: Decision, next: Decision | undefined): string {
  if (!next || next.bootId !== decision.bootId) return '';
  const seconds = Math.round((next.monotonicMs - decision.monotonicMs) / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
