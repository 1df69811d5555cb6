import { type GlobalOptions, print } from '../../core/cli.ts';
import type { ApplianceCase } from '../../protocol/documents.ts';
import { askDaemon } from './ask-daemon.ts';

/** `vestibule cases release ID`: lets a held case go on. It is written down at once; the work waits for the gate. */
export async function releaseCase(options: GlobalOptions, caseId: string): Promise<void> {
  const released = await askDaemon<ApplianceCase>(options, { verb: 'case-release', caseId });
  print(options, released, () => `${caseId} goes on as ${released.stage}, as soon as the gate is open.`);
}
