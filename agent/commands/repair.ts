import { existsSync } from 'node:fs';
import { readStorageKey } from '../../certs/index.ts';
import { exitCode, type GlobalOptions, print, Verdict } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import { recordOwn } from '../audit/index.ts';
import { foldersOf } from '../folders.ts';
import { isInstanceRunning } from '../instance-lock.ts';
import { type RepairReport, repair } from '../repair.ts';

/**
 * `vestibule repair`: what can be made of a damaged ledger; with `--yes` it is done. Refused while a daemon runs. Exit
 * code 5 when there is something to repair and it was not done.
 */
export async function repairLedger(options: GlobalOptions, flags: { readonly yes?: boolean }): Promise<void> {
  const folders = foldersOf(options.data);
  if (!existsSync(folders.keys)) {
    throw new Verdict(
      exitCode.notReachable,
      `There is no appliance in ${options.data}.`,
      'Run `vestibule setup` first.',
    );
  }
  const isDry = flags.yes !== true;
  if (!isDry && (await isInstanceRunning(folders.folder))) {
    throw new Verdict(exitCode.failed, 'The appliance runs on this data folder.', 'Stop it first.');
  }
  const report = repair({ folders, storageKey: readStorageKey(folders.keys), now: systemClock.now() }, isDry);
  if (report.isRepaired) {
    const { cases, archives, held } = report.rebuilt;
    const evidence = { ledger: report.ledger, cases, archives, held: held.length };
    recordOwn(folders.audit, { action: 'ledger-repaired', evidence });
  }
  print(options, report, () => textOf(report));
  if (isDry && report.ledger !== 'sound') {
    throw new Verdict(
      exitCode.needsAttention,
      `The ledger is ${report.ledger}.`,
      'To repair it: vestibule repair --yes',
    );
  }
}

function textOf({ ledger, isRepaired, salvaged, rebuilt, unreadableLines, quarantine }: RepairReport): string {
  if (ledger === 'sound') return 'The ledger is sound; nothing to repair.';
  const cut = salvaged.filter(({ isWhole }) => !isWhole).map(({ table }) => table);
  const rows = salvaged.reduce((sum, table) => sum + table.rows, 0);
  return [
    `The ledger is ${ledger}.`,
    `${rows} rows can be read${cut.length > 0 ? `, not all of: ${cut.join(', ')}` : ''}.`,
    `${rebuilt.cases} cases and ${rebuilt.archives} archives come back from the journal and the disk.`,
    ...(rebuilt.held.length > 0 ? [`Held, since their archive is damaged or gone: ${rebuilt.held.join(', ')}`] : []),
    ...(unreadableLines > 0 ? [`${unreadableLines} lines of the journal cannot be read.`] : []),
    isRepaired ? 'Repaired. Start the appliance.' : 'Nothing was changed.',
    ...(quarantine === undefined ? [] : [`The old ledger is kept in ${quarantine}`]),
  ].join('\n');
}
