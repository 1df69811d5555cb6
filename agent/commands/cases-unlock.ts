import { exitCode, type GlobalOptions, print, UsageError, Verdict } from '../../core/cli.ts';
import type { UnlockStatus } from '../../protocol/control.ts';
import type { ApplianceCase } from '../../protocol/documents.ts';
import { askDaemon, follow, tell } from './ask-daemon.ts';
import { readPassword } from './password-prompt.ts';

/**
 * `vestibule cases unlock ID`: takes the password of a locked container and says whether it opens it. The daemon keeps it
 * in memory until the case is sealed, and nowhere else: one that starts again holds the case again.
 */
export async function unlockCase(
  options: GlobalOptions,
  caseId: string,
  flags: { readonly wait?: boolean; readonly refused: boolean },
): Promise<void> {
  if (flags.refused) {
    throw new UsageError('MISUSED', 'a password is not taken from the command line', {
      hint: 'Other users of this machine can read it there. Type it at the prompt, or give it on standard input. If one was just typed, remove it from the shell’s history.',
    });
  }
  const { wait = false } = flags;
  const password = await readPassword(`Password of ${caseId} (not shown): `);
  await askDaemon(options, { verb: 'case-unlock', caseId, password }, wait);
  const look = () => askDaemon<UnlockStatus>(options, { verb: 'case-unlock-status', caseId });
  const text = 'The gate has closed. The password is kept in memory and tried when it opens.';
  if (!options.json) tell('Trying it; other cases may come first.');
  const { attempt, case: found } = await follow(look, whenTried, { wait, text });
  print(options, found, () => sentenceOn(attempt, found));
  if (found.stage === 'held') throw new Verdict(exitCode.needsAttention, found.hint ?? 'It is held.');
}

/** The answer once the case was read with the password; a verdict of exit code 1 when that is wrong or forgotten. */
function whenTried(seen: UnlockStatus): UnlockStatus | undefined {
  const { stage, reason } = seen.case;
  if (stage === 'detected') return undefined;
  if (stage === 'held' && reason === 'password-needed' && seen.attempt === 'wrong') {
    throw new Verdict(exitCode.failed, 'That password does not open it. The case stays held.', 'Type another.');
  }
  if (stage === 'held' && seen.attempt === 'none') {
    throw new Verdict(exitCode.failed, 'The appliance was started again meanwhile and has forgotten it.', 'Ask again.');
  }
  return seen;
}

function sentenceOn(attempt: UnlockStatus['attempt'], { caseId, stage, reason }: ApplianceCase): string {
  const state = reason === undefined ? stage : `${stage}: ${reason}`;
  return `${attempt === 'opened' ? 'It opens. ' : ''}${caseId} is ${state}.`;
}
