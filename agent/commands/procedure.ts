import { existsSync } from 'node:fs';
import { exitCode, type GlobalOptions, print, table, Verdict } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import type { ControlRequest, Lease, ProcedureStarted, ProcedureStatus } from '../../protocol/control.ts';
import { ask } from '../control/client.ts';
import { type Folders, foldersOf } from '../folders.ts';

/** A daemon answers within a fifth of this even while it seals; then the command does without it. */
const answerWithinMs = 1_000;

/**
 * `vestibule procedure start`: the gate closes before the answer comes. With the daemon dead, or deaf, the command
 * writes the lease itself; the daemon reads it before it opens the gate.
 */
export async function startProcedure(
  options: GlobalOptions,
  flags: { readonly reason: string; readonly for?: number; readonly holder: string },
): Promise<void> {
  const folders = foldersOf(options.data);
  const { reason, holder } = flags;
  const wish = { reason: reason.slice(0, 200), holder, ...(flags.for ? { forMs: flags.for * 60_000 } : {}) };
  const started = (await withDaemon(
    folders,
    { verb: 'procedure-start', ...wish },
    async ({ takeLease }): Promise<ProcedureStarted> => {
      const lease = takeLease(folders.leases, wish, systemClock);
      (await import('../audit/leave.ts')).recordLease(folders.audit, lease);
      const waiting = (await isRunning(folders)) ? ['a daemon that does not answer'] : [];
      return { lease, quiet: waiting.length === 0, waiting, daemon: false };
    },
  )) as ProcedureStarted;
  print(options, started, () => sentenceOf(started));
}

/** `vestibule procedure stop`: releases the holder's leases. Others' stay, and are named. */
export async function stopProcedure(options: GlobalOptions, flags: { readonly holder: string }): Promise<void> {
  const folders = foldersOf(options.data);
  const { holder } = flags;
  const status = (await withDaemon(folders, { verb: 'procedure-stop', holder }, async (leases) => {
    const { recordOwn } = await import('../audit/leave.ts');
    recordOwn(folders.audit, { action: 'procedure-stop', why: holder });
    leases.releaseLeases(folders.leases, holder);
    return offline(leases.readLeases(folders.leases));
  })) as ProcedureStatus;
  print(options, status, () => `Released what ${holder} held. ${gateOf(status)}`);
}

/** `vestibule procedure status`: exit 4 when no daemon answers (the leases on disk are printed all the same), 5 when somebody has to look. */
export async function procedureStatus(options: GlobalOptions): Promise<void> {
  const folders = foldersOf(options.data);
  let answered = true;
  const status = (await withDaemon(folders, { verb: 'procedure-status' }, ({ readLeases }) => {
    answered = false;
    return offline(readLeases(folders.leases));
  })) as ProcedureStatus;
  print(options, status, () => portrait(status));
  if (!answered) throw new Verdict(exitCode.notReachable, 'No daemon answers; this is what the leases on disk say.');
  await expectNoAlarm(status);
}

/** `vestibule procedure why`: the same, then what was decided lately and on what evidence. Works with the daemon dead. */
export async function procedureWhy(options: GlobalOptions, flags: { readonly sinceMs: number }): Promise<void> {
  const folders = foldersOf(options.data);
  const { readHistory } = await import('../procedure/history.ts');
  const { strip } = await import('./procedure-strip.ts');
  const fromMs = systemClock.now().getTime() - flags.sinceMs;
  const decisions = readHistory(folders.decisions).filter(({ at }) => Date.parse(at) >= fromMs);
  let answered = true;
  const status = (await withDaemon(folders, { verb: 'procedure-status' }, ({ readLeases }) => {
    answered = false;
    return offline(readLeases(folders.leases));
  })) as ProcedureStatus;
  print(options, { status, decisions }, () => `${portrait(status)}\n\n${strip(decisions)}`);
  if (!answered) throw new Verdict(exitCode.notReachable, 'No daemon answers; this is what is on disk.');
  await expectNoAlarm(status);
}

async function expectNoAlarm(status: ProcedureStatus): Promise<void> {
  const { procedureAlarms } = await import('./procedure-alarms.ts');
  const alarms = procedureAlarms(status);
  if (alarms.length > 0) throw new Verdict(exitCode.needsAttention, alarms.join(' '));
}

type Leases = typeof import('../procedure/leases.ts');

/**
 * Asks the daemon; when none runs, or it fails in whatever way, `alone` does the same on the lease files. The first
 * failure is thrown when that fails too.
 */
async function withDaemon(
  folders: Folders,
  request: ControlRequest,
  alone: (leases: Leases) => unknown,
): Promise<unknown> {
  let failure: unknown;
  try {
    const answer = await ask(folders.socket, request, answerWithinMs);
    if (answer !== undefined) return answer;
  } catch (error) {
    failure = error;
  }
  if (!existsSync(folders.folder)) {
    throw new Verdict(
      exitCode.notReachable,
      `There is no appliance in ${folders.folder}.`,
      'Name its folder by --data.',
    );
  }
  try {
    return await alone(await import('../procedure/leases.ts'));
  } catch (error) {
    throw failure ?? error;
  }
}

async function isRunning(folders: Folders): Promise<boolean> {
  const { isInstanceRunning } = await import('../instance-lock.ts');
  return isInstanceRunning(folders.folder);
}

function sentenceOf({ daemon, quiet, waiting }: ProcedureStarted): string {
  if (!daemon && !quiet) return 'The lease is written, but the daemon does not answer: it may still work. See its log.';
  const who = daemon ? 'The gate is closed' : 'No daemon runs; the lease is written and will be read first';
  return quiet ? `${who}; nothing works.` : `${who}; still finishing: ${waiting.join(', ')}.`;
}

function gateOf(status: ProcedureStatus): string {
  return `The gate is ${status.gate} (${status.state} since ${status.since}). ${status.why}`;
}

/** State, evidence with its age and effect, and when it can open. */
function portrait(status: ProcedureStatus): string {
  const rows = status.evidence.map(({ source, says, what, ageMs, remainingMs, effect }) => [
    ...[`  ${source}`, says, what, `${span(ageMs)} old`],
    ...[remainingMs === undefined ? 'until taken back' : `counts ${span(remainingMs)} more`, effectWords[effect]],
  ]);
  const opens = status.gate === 'open' ? [] : [opening(status.opensInMs)];
  return [gateOf(status), ...opens, ...(rows.length > 0 ? [table(rows)] : [])].join('\n');
}

const effectWords = { closes: 'keeps it closed', allows: 'lets it open', none: 'no effect' } as const;

function opening(opensInMs: number | undefined): string {
  if (opensInMs === undefined) return 'When it opens cannot be said: somebody has to say that the room is free.';
  return `It opens in ${span(opensInMs)} at the earliest.`;
}

function span(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function offline(leases: readonly Lease[]): ProcedureStatus {
  const why = leases.map((lease) => `${lease.holder}: ${lease.reason}`).join('; ');
  return {
    state: leases.length > 0 ? 'active' : 'unknown',
    gate: 'closed',
    since: leases[0]?.startedAt ?? systemClock.now().toISOString(),
    leases,
    authorities: [],
    evidence: [],
    why: why === '' ? 'No daemon answers and no lease is held.' : why,
  };
}
