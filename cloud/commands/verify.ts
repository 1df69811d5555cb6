import { exitCode, type GlobalOptions, print, Verdict } from '../../core/cli.ts';
import { type Difference, verifyObjects } from '../../receiver/index.ts';
import { cloudFoldersOf } from '../folders.ts';
import { readReceiverSettings } from '../init.ts';
import { readSettings } from '../settings.ts';

/** `verify`: exit 1 and the names of all archives that differ from their receipts. */
export async function verify(options: GlobalOptions): Promise<void> {
  const folders = cloudFoldersOf(options.data);
  readSettings(folders.settings);
  const result = await verifyObjects({ folder: folders.receiver, settings: readReceiverSettings(folders) });
  const { archives, differences } = result;
  print(options, result, () =>
    differences.length === 0 ? `${archives} archives are what their receipts say.` : differences.map(line).join('\n'),
  );
  if (differences.length > 0) {
    const text = `${differences.length} differences between ${archives} stored archives and their receipts.`;
    throw new Verdict(exitCode.failed, text, 'Restore what is named from a backup; the appliances may still have it.');
  }
}

/** An archive where one is concerned, else the batch whose receipt is. */
function line({ code, deviceId, batch, caseId, archiveId, problem }: Difference): string {
  const what = archiveId === undefined ? [batch] : [caseId, archiveId];
  return [deviceId, ...what.filter((id) => id !== undefined), `${code}: ${problem}`].join(' ');
}
