import { exitCode, type GlobalOptions, print, Verdict } from '../../core/cli.ts';
import type { ControlRequest, ProcedureStatus } from '../../protocol/control.ts';
import { ask, ControlError } from '../control/client.ts';
import { foldersOf } from '../folders.ts';

/** `vestibule procedure override open`: a person's word against evidence. Needs the daemon; exit 3 when it refuses. */
export async function openOverride(
  options: GlobalOptions,
  flags: { readonly reason: string; readonly for: number },
): Promise<void> {
  const request = { verb: 'procedure-override', reason: flags.reason, forMs: flags.for * 60_000 } as const;
  const status = await asked(options, request);
  const { override, opensInMs = 0 } = status;
  const until = `for ${flags.for} min${override?.setsAside.length ? `, against ${override.setsAside.join(', ')}` : ''}`;
  const opens = status.gate === 'open' ? 'The gate is open.' : `It opens in ${Math.ceil(opensInMs / 1000)} s.`;
  print(options, status, () => `Your word counts ${until}, until anything new says busy. ${opens}`);
}

/** `vestibule procedure override close`: takes the word back. */
export async function closeOverride(options: GlobalOptions): Promise<void> {
  const status = await asked(options, { verb: 'procedure-override-end' });
  print(options, status, () => `No override counts. The gate is ${status.gate}. ${status.why}`);
}

async function asked(options: GlobalOptions, request: ControlRequest): Promise<ProcedureStatus> {
  try {
    const answer = await ask(foldersOf(options.data).socket, request);
    if (answer !== undefined) return answer as ProcedureStatus;
  } catch (error) {
    if (!(error instanceof ControlError) || !/^OVERRIDE_(REFUSED|NOT_ALLOWED)$/.test(error.code)) throw error;
    throw new Verdict(exitCode.refusedByGate, `${error.message}.`, error.hint);
  }
  throw new Verdict(exitCode.notReachable, `No appliance runs on ${options.data}.`, 'Start it with `vestibule run`.');
}
