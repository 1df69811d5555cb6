import { text } from 'node:stream/consumers';
import { checkStudy, openSource, readStudy } from '../../carto/index.ts';
import { exitCode, type GlobalOptions, print, UsageError, Verdict } from '../../core/cli.ts';
import { passAlways } from '../../core/gate-flag.ts';
import type { Inspection } from '../../protocol/inspection.ts';
import { inspectionOf } from '../inspection/inspection.ts';
import { withProgress } from '../inspection/progress.ts';
import { render } from '../inspection/render.ts';

export interface InspectFlags {
  /** Show the names that staff typed, in the text for people. */
  readonly names?: boolean;
  readonly passwordStdin?: boolean;
  /** False: no signal is read. */
  readonly signals: boolean;
}

/**
 * `vestibule inspect PATH`: reads any export and says what is in it and whether it agrees with itself. Needs no daemon
 * and no data folder; writes nothing. Exit 5 when a file is damaged or a check differs.
 */
export async function inspect(options: GlobalOptions, path: string, flags: InspectFlags): Promise<void> {
  if (flags.names && options.json) {
    throw new UsageError('MISUSED', '--names belongs to the text for people; JSON holds no names');
  }
  const password = flags.passwordStdin ? { password: (await text(process.stdin)).replace(/\r?\n$/, '') } : {};
  const opened = await openSource(path, passAlways, password);
  const { source, clear } = withProgress(opened);
  try {
    const study = await readStudy(source, passAlways);
    const { results } = await checkStudy(study, passAlways, { signals: flags.signals });
    clear();
    const found = inspectionOf(source, study, results);
    print(options, found, () => render(found, flags.names ? study : undefined));
    giveVerdict(found);
  } finally {
    await opened.close?.();
  }
}

function giveVerdict({ damaged, checks }: Inspection): void {
  const differing = checks.summary.reduce((total, { differs }) => total + differs, 0);
  const problems = [
    ...(damaged.length > 0 ? [`damaged files: ${damaged.length}`] : []),
    ...(differing > 0 ? [`checks that differ: ${differing}`] : []),
  ];
  if (problems.length === 0) return;
  const hint = 'Export the study again, or compare it with the workstation.';
  throw new Verdict(exitCode.needsAttention, `${problems.join(', ')}.`, hint);
}
