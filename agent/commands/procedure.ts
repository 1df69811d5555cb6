import { exitCode, type GlobalOptions, print, Verdict } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import type { ProcedureStarted, ProcedureStatus } from '../../protocol/control.ts';
import { ask } from '../control/index.ts';
import { foldersOf } from '../folders.ts';
import { readLeases, releaseLeases, takeLease } from '../procedure/leases.ts';

/**
 * `vestibule procedure start`: the gate closes before the answer comes. With the daemon dead, or deaf, the command
 * writes the lease itself; the daemon reads it before it opens the gate.
 */
export async function startProcedure(
  options: GlobalOptions,
  flags: { readonly reason: string; readonly for?: number; readonly holder: string },
): Promise<void> {
  const folders = foldersOf(options.data);
  const wish = {
    reason: flags.reason,
    holder: flags.holder,
    ...(flags.for === undefined ? {} : { forMs: flags.for * 60_000 }),
  };
  const started =
    ((await askOrNothing(folders.socket, { verb: 'procedure-start', ...wish })) as ProcedureStarted | undefined) ??
    ({ lease: takeLease(folders.leases, wish, systemClock), quiet: true, waiting: [], daemon: false } as const);
  print(options, started, () => {
    const who = started.daemon ? 'The gate is closed' : 'No daemon runs; the lease is written and will be read first';
    return started.quiet ? `${who}; nothing works.` : `${who}; still finishing: ${started.waiting.join(', ')}.`;
  });
}

/** `vestibule procedure stop`: releases the holder's leases. Others' stay, and are named. */
export async function stopProcedure(options: GlobalOptions, flags: { readonly holder: string }): Promise<void> {
  const folders = foldersOf(options.data);
  const answer = await askOrNothing(folders.socket, { verb: 'procedure-stop', holder: flags.holder });
  if (answer === undefined) releaseLeases(folders.leases, flags.holder);
  const status = (answer as ProcedureStatus | undefined) ?? offline(folders.leases);
  print(options, status, () => `Released what ${flags.holder} held. ${sentence(status)}`);
}

/** `vestibule procedure status`: exit 4 when no daemon answers (the leases on disk are printed all the same). */
export async function procedureStatus(options: GlobalOptions): Promise<void> {
  const folders = foldersOf(options.data);
  const answer = (await askOrNothing(folders.socket, { verb: 'procedure-status' })) as ProcedureStatus | undefined;
  const status = answer ?? offline(folders.leases);
  print(options, status, () => sentence(status));
  if (!answer) throw new Verdict(exitCode.notReachable, 'No daemon answers; this is what the leases on disk say.');
}

function sentence(status: ProcedureStatus): string {
  return `The gate is ${status.gate} (${status.state} since ${status.since}). ${status.why}`;
}

function offline(leaseFolder: string): ProcedureStatus {
  const leases = readLeases(leaseFolder);
  const why = leases.map((lease) => `${lease.holder}: ${lease.reason}`).join('; ');
  return {
    state: leases.length > 0 ? 'active' : 'unknown',
    gate: 'closed',
    since: leases[0]?.startedAt ?? systemClock.now().toISOString(),
    leases,
    why: why === '' ? 'No daemon runs and no lease is held.' : why,
  };
}

/** A daemon that is gone or does not answer is no reason not to write the lease. */
async function askOrNothing(socket: string, request: Parameters<typeof ask>[1]): Promise<unknown> {
  try {
    return await ask(socket, request, 2_000);
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('CONTROL_')) return undefined;
    throw error;
  }
}
