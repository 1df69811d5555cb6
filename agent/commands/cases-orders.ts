import { resolve } from 'node:path';
import { exitCode, formatBytes, type GlobalOptions, print, Verdict } from '../../core/cli.ts';
import type { ExportStatus } from '../../protocol/control.ts';
import type { ApplianceCase } from '../../protocol/documents.ts';
import { askDaemon, follow } from './ask-daemon.ts';

/** `vestibule cases hold ID --reason TEXT`: keeps a case back until it is released. */
export async function holdCase(options: GlobalOptions, caseId: string, flags: { readonly reason: string }) {
  const held = await askDaemon<ApplianceCase>(options, { verb: 'case-hold', caseId, reason: flags.reason });
  print(options, held, () => `${caseId} is held. To let it go on: vestibule cases release ${caseId}`);
}

/** `vestibule cases retry ID`: has a case that waits or was refused tried again. */
export async function retryCase(options: GlobalOptions, caseId: string): Promise<void> {
  const tried = await askDaemon<ApplianceCase>(options, { verb: 'case-retry', caseId });
  print(options, tried, () => `${caseId} is ${tried.stage}; it is tried again as soon as the gate is open.`);
}

/** `vestibule cases withdraw ID --reason TEXT`: has a case erased, here and at the receiver. Cannot be taken back. */
export async function withdrawCase(options: GlobalOptions, caseId: string, flags: { readonly reason: string }) {
  const withdrawn = await askDaemon<ApplianceCase>(options, { verb: 'case-withdraw', caseId, reason: flags.reason });
  print(options, withdrawn, () => sentenceOn(withdrawn));
}

function sentenceOn({ caseId, withdrawn }: ApplianceCase): string {
  const here = `${caseId} is withdrawn. It is erased here as soon as the gate is open.`;
  const there =
    withdrawn?.state === 'local'
      ? 'Nothing of it ever left this appliance.'
      : `The receiver is ordered to erase it; its certificate will be shown by: vestibule cases show ${caseId}`;
  return `${here} ${there} The export itself, in the inbox or on the workstation, is yours to remove.`;
}

/** `vestibule cases export ID --to DIR`: the pseudonymised files of a case, or its sealed archives with their keys. */
export async function exportCase(
  options: GlobalOptions,
  caseId: string,
  flags: { readonly to: string; readonly sealed?: boolean; readonly wait?: boolean },
): Promise<void> {
  const to = resolve(flags.to);
  const form = flags.sealed ? 'archives' : 'files';
  await askDaemon<ExportStatus>(options, { verb: 'case-export', caseId, to, form });
  const { exported } = await follow(
    () => askDaemon<ExportStatus>(options, { verb: 'case-export-status', caseId }),
    whenEnded,
    { wait: flags.wait ?? false, text: 'The gate is closed. The export goes on by itself when it opens.' },
  );
  print(options, exported, () => `${to}: ${exported?.files} files, ${formatBytes(exported?.bytes ?? 0)}`);
}

function whenEnded(seen: ExportStatus): ExportStatus | undefined {
  if (seen.state === 'working') return undefined;
  if (seen.state === 'done') return seen;
  const { message = 'The appliance was started again meanwhile.', hint = 'Ask again.' } = seen.error ?? {};
  throw new Verdict(exitCode.failed, message, hint);
}
