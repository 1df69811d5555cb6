import { resolve } from 'node:path';
import { codeOf, GatewayError } from './errors.ts';

/** What every command line of the product returns. */
export const exitCode = {
  done: 0,
  failed: 1,
  misused: 2,
  refusedByGate: 3,
  notReachable: 4,
  needsAttention: 5,
} as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Options that may stand anywhere after the verb. */
export interface GlobalOptions {
  /** Absolute path of the folder where everything lives. */
  readonly data: string;
  readonly json: boolean;
}

/** Takes `--data DIR` and `--json` out of the arguments, wherever they stand before a lone `--`. */
export function takeGlobalOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): { readonly options: GlobalOptions; readonly rest: readonly string[] } {
  let data = environment.VESTIBULE_DATA ?? './.vestibule';
  let json = false;
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word === '--') {
      rest.push(...args.slice(at));
      break;
    }
    if (word === '--json') json = true;
    else if (word.startsWith('--data=')) data = word.slice('--data='.length);
    else if (word === '--data') {
      const value = args[++at];
      if (value === undefined) throw new UsageError('MISUSED', '--data needs a folder');
      data = value;
    } else rest.push(word);
  }
  return { options: { data: resolve(data), json }, rest };
}

/** The command was called wrongly: exit code 2. */
export class UsageError extends GatewayError<'MISUSED'> {}

/** A verb's own verdict on how the process should end, when it is not simply done. */
export class Verdict extends GatewayError<'VERDICT'> {
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string, hint?: string) {
    super('VERDICT', message, hint === undefined ? {} : { hint });
    this.exit = exit;
  }
}

/** Prints one documented JSON document, or text for people. */
export function print(options: GlobalOptions, document: unknown, text: () => string): void {
  process.stdout.write(options.json ? `${JSON.stringify(document)}\n` : `${text()}\n`);
}

/** Prints an error for people on stderr (code, message, cause's code, remedy) and returns the exit code it means. */
export function explain(error: unknown): ExitCode {
  if (error instanceof Verdict) {
    process.stderr.write(`${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`);
    return error.exit;
  }
  if (error instanceof GatewayError) {
    const cause = codeOf(error.cause);
    const because = cause === undefined ? '' : ` (${cause})`;
    process.stderr.write(`error ${error.code}: ${error.message}${because}\n${error.hint ? `  ${error.hint}\n` : ''}`);
    return error instanceof UsageError ? exitCode.misused : exitCode.failed;
  }
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  process.stderr.write(`error ${codeOf(error) ?? name}: ${message}\n`);
  return exitCode.failed;
}

/** Colour on a terminal, plain text elsewhere and under NO_COLOR. */
export function paint(text: string, colour: 'green' | 'yellow' | 'red' | 'dim' | 'bold'): string {
  const codes = { green: 32, yellow: 33, red: 31, dim: 2, bold: 1 };
  if (!process.stdout.isTTY || process.env.NO_COLOR) return text;
  return `\u001b[${codes[colour]}m${text}\u001b[0m`;
}

/** Columns aligned by their widest cell, two blanks between; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ');
  return rows.map(line).join('\n');
}

/** 1536 → "1.5 KiB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
