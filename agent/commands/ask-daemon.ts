import { exitCode, type GlobalOptions, Verdict } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import { codeOf, GatewayError } from '../../core/errors.ts';
import type { ControlRequest, ProcedureStatus } from '../../protocol/control.ts';
import { ask } from '../control/index.ts';
import { foldersOf } from '../folders.ts';

/** Between two looks at work that goes on in the daemon. */
const lookEveryMs = 300;
/** At a closed gate the daemon is to be left alone. */
const lookAtGateEveryMs = 2_000;

/**
 * Asks the daemon what only it can do. Without one the verdict is exit code 4, at a closed gate 3; with `wait` the
 * question is asked again until the gate has opened.
 */
export async function askDaemon<T>(options: GlobalOptions, request: ControlRequest, wait = false): Promise<T> {
  for (;;) {
    try {
      const answer = await ask(foldersOf(options.data).socket, request);
      if (answer !== undefined) return answer as T;
      throw new Verdict(
        exitCode.notReachable,
        `No appliance runs on ${options.data}.`,
        'Start it with `vestibule run`.',
      );
    } catch (error) {
      if (codeOf(error) !== 'GATE_CLOSED' || !(error instanceof GatewayError)) throw error;
      if (!wait) throw new Verdict(exitCode.refusedByGate, sentence(error.message), error.hint);
    }
    tell('The gate is closed; waiting until it opens.');
    const isClosed = async () =>
      (await askDaemon<ProcedureStatus>(options, { verb: 'procedure-status' })).gate === 'closed';
    while (await isClosed()) await systemClock.sleep(lookAtGateEveryMs);
  }
}

/** Looks until there is a result. `gate`: as the daemon says it; a closed one is told once, or ends it with exit code 3. */
export async function follow<Seen extends { readonly gate: 'open' | 'closed' }, Result>(
  look: () => Promise<Seen>,
  resultOf: (seen: Seen) => Result | undefined,
  whenClosed: { readonly wait: boolean; readonly text: string },
): Promise<Result> {
  for (let isTold = false; ; ) {
    const seen = await look();
    const result = resultOf(seen);
    if (result !== undefined) return result;
    if (seen.gate === 'closed' && !whenClosed.wait) throw new Verdict(exitCode.refusedByGate, whenClosed.text);
    if (seen.gate === 'closed' && !isTold) tell(whenClosed.text);
    isTold = seen.gate === 'closed';
    await systemClock.sleep(isTold ? lookAtGateEveryMs : lookEveryMs);
  }
}

/** Progress, for people: on stderr, so that stdout is the answer alone. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
