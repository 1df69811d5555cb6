import { existsSync } from 'node:fs';
import { isGeneratedCode, linkageSchema } from '../../carto/index.ts';
import { readStorageKey } from '../../certs/index.ts';
import { openText } from '../../core/boxed-text.ts';
import { exitCode, type GlobalOptions, print, table, UsageError, Verdict } from '../../core/cli.ts';
import { openLedgerReader } from '../../uploader/index.ts';
import { recordOwn } from '../audit/index.ts';
import { ask } from '../control/index.ts';
import { foldersOf } from '../folders.ts';
import { type RelinkAnswer, relink } from '../relink.ts';

/**
 * `vestibule relink CODE`: what stands behind a generated code. Needs the appliance's ledger and storage key, so it works
 * on this machine only. That it was asked, by whom, for which code and with which result is on disk before the answer
 * is printed; the original is in no log.
 */
export async function relinkCode(options: GlobalOptions, code: string): Promise<void> {
  // Anything else, perhaps a name, must not get into the audit log.
  if (!isGeneratedCode(code)) {
    throw new UsageError('MISUSED', 'this is not a generated code', {
      hint: 'A code looks like Study-bcdfghjk, Map-bcdfghjk or Shell-bcdfghjk.mesh.',
    });
  }
  const folders = foldersOf(options.data);
  if (!existsSync(folders.ledger)) {
    throw new Verdict(
      exitCode.notReachable,
      `There is no appliance in ${options.data}.`,
      'Run `vestibule setup` first.',
    );
  }
  const answer = lookUp(folders, code);
  recordOwn(folders.audit, { action: 'relink', subject: code, evidence: { result: answer.result } });
  // A daemon chains it at once; without one, the next that starts does.
  await ask(folders.socket, { verb: 'audit-take' }, 1_000).catch(() => undefined);
  if (answer.result !== 'found') throw refusal(answer.result);
  print(options, { code, found: answer.found }, () =>
    table(answer.found.map(({ kind, original, study }) => [kind, study, original])),
  );
}

function lookUp(folders: ReturnType<typeof foldersOf>, code: string): RelinkAnswer {
  const key = readStorageKey(folders.keys);
  const ledger = openLedgerReader(folders.ledger);
  try {
    const sealed = ledger.studies().flatMap(({ linkageSealed }) => (linkageSealed ? [linkageSealed] : []));
    return relink(
      code,
      sealed.map((one) => linkageSchema.parse(JSON.parse(openText(one, key)))),
    );
  } finally {
    ledger.close();
  }
}

function refusal(result: 'no-way-back' | 'unknown'): Verdict {
  if (result === 'unknown') return new Verdict(exitCode.failed, 'No study that this appliance knows has this code.');
  return new Verdict(
    exitCode.failed,
    'This code leads to nobody: its study was pseudonymised under safe-harbor.',
    'docs/privacy.md says what each profile keeps.',
  );
}
