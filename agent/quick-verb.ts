import { type GlobalOptions, UsageError } from '../core/cli.ts';

/**
 * `status` and `procedure` when they are well spelled, without the library that parses all the rest: these are the
 * commands that somebody waits for beside the table. Undefined for anything else, mistakes and `--help` included.
 */
export function quickVerb(options: GlobalOptions, words: readonly string[]): (() => Promise<void>) | undefined {
  const [verb, action = 'status', ...rest] = words;
  if (verb === 'status' && words.length === 1) {
    return async () => (await import('./commands/status.ts')).status(options);
  }
  if (verb !== 'procedure') return undefined;
  const flags = flagsOf(rest, quickFlags[action] ?? []);
  if (!flags) return undefined;
  const { '--reason': reason, '--for': time } = flags;
  const holder = holderName(flags['--holder'] ?? defaultHolder);
  const load = () => import('./commands/procedure.ts');
  if (action === 'status' && rest.length === 0) return async () => (await load()).procedureStatus(options);
  if (action === 'why') {
    const sinceMs = duration(flags['--since'] ?? defaultSince);
    return async () => (await load()).procedureWhy(options, { sinceMs });
  }
  if (action === 'stop') return async () => (await load()).stopProcedure(options, { holder });
  if (action !== 'start' || reason === undefined) return undefined;
  const forMinutes = time === undefined ? {} : { for: minutes(time) };
  return async () => (await load()).startProcedure(options, { reason, holder, ...forMinutes });
}

const quickFlags: Readonly<Record<string, readonly string[]>> = {
  start: ['--reason', '--for', '--holder'],
  stop: ['--holder'],
  why: ['--since'],
};

/** How far back `procedure why` looks when nobody says. */
export const defaultSince = '24h';

/** `90m`, `24h`, `7d` in milliseconds. */
export function duration(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * ({ m: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? 0);
  if (!(ms > 0)) throw new UsageError('MISUSED', '--since takes a time like 90m, 24h or 7d');
  return ms;
}

/** Who holds a lease when nobody is named. */
export const defaultHolder = 'cli';

export function minutes(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 24 * 60)) {
    throw new UsageError('MISUSED', '--for takes minutes, more than 0, at most 1440');
  }
  return value;
}

export function holderName(text: string): string {
  if (text.length === 0 || text.length > 100) throw new UsageError('MISUSED', '--holder takes 1 to 100 characters');
  return text;
}

/** `--name value` and `--name=value`; undefined when anything else stands there. */
function flagsOf(words: readonly string[], known: readonly string[]): Record<string, string> | undefined {
  const flags: Record<string, string> = {};
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? words[++at] : word.slice(equals + 1);
    if (!known.includes(name) || value === undefined || (equals < 0 && value.startsWith('-'))) return undefined;
    flags[name] = value;
  }
  return flags;
}
