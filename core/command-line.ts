import { Command, CommanderError } from 'commander';
import { exitCode, explain, type GlobalOptions, takeGlobalOptions } from './cli.ts';

/**
 * Runs a command line to its end: takes `--data` and `--json` from anywhere, lets the verbs that `build` adds parse the
 * rest, prints what goes wrong, and sets `process.exitCode`. The one place that does.
 */
export async function runCommandLine(
  name: string,
  args: readonly string[],
  build: (command: Command, options: GlobalOptions) => void,
): Promise<void> {
  try {
    const { options, rest } = takeGlobalOptions(args, process.env);
    const command = new Command(name)
      .option('--data <dir>', 'where everything lives (or VESTIBULE_DATA)', './.vestibule')
      .option('--json', 'for scripts: JSON on stdout')
      .exitOverride();
    build(command, options);
    await command.parseAsync(rest, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.misused;
    else process.exitCode = explain(error);
  }
}
