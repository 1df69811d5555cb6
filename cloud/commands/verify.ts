import { exitCode, type GlobalOptions, print, Verdict } from '../../core/cli.ts';
import { verifyObjects } from '../../receiver/index.ts';
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
    differences.length === 0
      ? `${archives} archives are what their receipts say.`
      : differences.map(({ archiveId, caseId, problem }) => `${caseId} ${archiveId}: ${problem}`).join('\n'),
  );
  if (differences.length > 0) {
    throw new Verdict(exitCode.failed, `${differences.length} of ${archives} archives differ from their receipts.`);
  }
}
