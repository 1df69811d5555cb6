import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type GlobalOptions, print, table, UsageError } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import { writeFileDurable } from '../../core/files.ts';
import type { SourceName } from '../../protocol/control.ts';
import { readConfig } from '../config.ts';
import { foldersOf } from '../folders.ts';
import { parseHistory, readHistory } from '../procedure/history.ts';
import { type Outcome, replay } from '../procedure/replay.ts';
import type { ProcedureSettings } from '../procedure/settings.ts';

/** `vestibule procedure record`: writes what was decided lately, and on what evidence, to a file. Needs no daemon. */
export async function recordProcedure(
  options: GlobalOptions,
  flags: { readonly out: string; readonly sinceMs: number },
): Promise<void> {
  const fromMs = systemClock.now().getTime() - flags.sinceMs;
  const decisions = readHistory(foldersOf(options.data).decisions).filter(({ at }) => Date.parse(at) >= fromMs);
  const file = resolve(flags.out);
  writeFileDurable(file, decisions.map((decision) => `${JSON.stringify(decision)}\n`).join(''), 0o640);
  print(options, { file, decisions: decisions.length }, () => `${decisions.length} decisions written to ${file}.`);
}

/** `vestibule procedure replay`: what the `procedure` section of a site file would have made of a recording. */
export async function replayProcedure(
  options: GlobalOptions,
  file: string,
  flags: { readonly policy?: string; readonly truth: readonly SourceName[] },
): Promise<void> {
  const decisions = parseHistory(readFileSync(file, 'utf8'));
  if (decisions.length === 0) {
    throw new UsageError('MISUSED', 'there is no decision in that file', { hint: 'Make one: procedure record.' });
  }
  const { procedure } = readConfig(flags.policy === undefined ? foldersOf(options.data).config : resolve(flags.policy));
  const found = replay(decisions, {
    rules: { authorities: procedure.authorities, coolDownMs: procedure.coolDownSeconds * 1000 },
    ...{ sources: sourcesIn(procedure), truth: flags.truth },
  });
  print(options, found, () =>
    [
      `${found.recordedMinutes} minutes recorded, ${found.procedureMinutes} of them with a procedure.`,
      table([
        ['', 'open', 'open in a procedure', 'closed without one'],
        ['this policy', ...row(found.policy)],
        ['as recorded', ...row(found.asRecorded)],
      ]),
    ].join('\n'),
  );
}

const row = ({ openMinutes, missMinutes, needlessMinutes }: Outcome) =>
  [openMinutes, missMinutes, needlessMinutes].map((minutes) => `${minutes} min`);

/** Leases are always there; everything else if the file sets it up. A person's word is never replayed. */
function sourcesIn(settings: ProcedureSettings): readonly SourceName[] {
  const named = ['timetable', 'hl7', 'mpps', 'neighbours', 'load', 'button'] as const;
  const optional = named.filter((name) => settings[name] !== undefined);
  return ['leases', ...optional, ...(settings.activityFolders ? (['activity'] as const) : [])];
}

const truths: readonly SourceName[] = ['leases', 'timetable', 'hl7', 'mpps'];

/** `--truth leases,mpps`. */
export function truthOf(text: string): readonly SourceName[] {
  const names = text.split(',').map((name) => truths.find((truth) => truth === name.trim()));
  const known = names.filter((name) => name !== undefined);
  if (known.length === names.length) return known;
  throw new UsageError('MISUSED', `--truth takes a list of ${truths.join(', ')}`);
}
