import type { GlobalOptions } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import { runUntilSignalled } from '../../core/lifecycle.ts';
import { announceOnStdout } from '../../core/milestones.ts';
import { Daemon } from '../daemon.ts';
import { foldersOf } from '../folders.ts';

/** `vestibule run`: the daemon in the foreground, until it is signalled. */
export async function run(options: GlobalOptions): Promise<void> {
  const announce = announceOnStdout(options.json, () => systemClock.now());
  const daemon = new Daemon({ folders: foldersOf(options.data), clock: systemClock, announce });
  await daemon.start();
  await runUntilSignalled(() => daemon.stop());
}
