import { fileURLToPath } from 'node:url';
import { type GlobalOptions, UsageError } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import { runUntilSignalled } from '../../core/lifecycle.ts';
import { announceOnStdout } from '../../core/milestones.ts';
import { Supervisor } from '../../core/supervise.ts';
import { cloudFoldersOf } from '../folders.ts';

/** `run [part]`: one part in this process, or both as supervised processes of their own. */
export async function run(
  options: GlobalOptions,
  part: string | undefined,
  flags: { readonly autoApprove?: boolean },
): Promise<void> {
  const folders = cloudFoldersOf(options.data);
  const announce = announceOnStdout(options.json, () => systemClock.now());
  const deps = { folders, clock: systemClock, announce, autoApprove: flags.autoApprove ?? false };
  switch (part) {
    case 'hub':
      return (await import('../hub-process.ts')).runHub(deps);
    case 'receiver':
      return (await import('../receiver-process.ts')).runReceiver(deps);
    case undefined: {
      await (await import('../init.ts')).initCloud(folders, {}, systemClock);
      return runBoth(options, deps.autoApprove);
    }
    default:
      throw new UsageError('MISUSED', `there is no part ${part}`, { hint: 'Parts are hub and receiver.' });
  }
}

async function runBoth(options: GlobalOptions, autoApprove: boolean): Promise<void> {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const common = ['--data', options.data, ...(options.json ? ['--json'] : [])];
  const supervisor = new Supervisor({
    clock: systemClock,
    onLine: (_program, line) => process.stdout.write(`${line}\n`),
    onErrorLine: (program, line) => process.stderr.write(`${program}: ${line}\n`),
    onRestart: (program, how, inMs) => process.stderr.write(`${program} ended (${how}), starts again in ${inMs} ms\n`),
  });
  const approve = autoApprove ? ['--auto-approve'] : [];
  supervisor.start({ name: 'hub', command: process.execPath, args: [main, 'run', 'hub', ...approve, ...common] });
  supervisor.start({ name: 'receiver', command: process.execPath, args: [main, 'run', 'receiver', ...common] });
  await runUntilSignalled(() => supervisor.stop());
}
