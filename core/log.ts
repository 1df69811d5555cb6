import { type LogFn, type Logger, pino } from 'pino';
import { type Clock, systemClock } from './clock.ts';
import { LogFile, type LogFileLimits } from './log-file.ts';
import { keyOf, Repeats } from './repeats.ts';

export type Log = Logger;

interface LogOptions {
  readonly level?: string;
  readonly clock?: Pick<Clock, 'now' | 'monotonicMs'>;
  readonly limits?: LogFileLimits;
  /** False: repetitions are said too. For whoever asks the log what happened. */
  readonly countsRepeats?: boolean;
}

/**
 * JSON lines to a file descriptor or file, synchronous so that the last line before a crash is there. A file keeps to its
 * limits. A warning or an error that comes again within the hour is counted; then the count is said, as `repeated`.
 * Keys are ours and few; values are ids, counts, codes and durations. Never a patient value, an original name, a key.
 */
export function openLog(
  destination: { readonly file: string } | { readonly fd: number },
  { level = 'info', clock = systemClock, limits, countsRepeats = true }: LogOptions = {},
): Log {
  const stream =
    'fd' in destination
      ? pino.destination({ fd: destination.fd, sync: true })
      : new LogFile(destination.file, { clock, ...(limits ? { limits } : {}) }).open();
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const counts = pino(options, stream);
  if (!countsRepeats) return counts;
  return pino({ ...options, hooks: { logMethod: sayingOnce(counts, clock) } }, stream);
}

export const silentLog: Log = pino({ level: 'silent' });

/** From here on, repetitions are counted. */
const warning = 40;

/** A line as it was said first. */
interface Line {
  readonly level: number;
  readonly fields: object;
  readonly text: unknown;
}

function sayingOnce(counts: Logger, clock: Pick<Clock, 'monotonicMs'>) {
  const repeats = new Repeats<Line>();
  return function logMethod(this: Logger, args: Parameters<LogFn>, method: LogFn, level: number): void {
    const nowMs = clock.monotonicMs();
    for (const { what, more } of repeats.dueBy(nowMs)) {
      const say = what.level > warning ? counts.error : counts.warn;
      say.call(counts, { ...what.fields, repeated: more }, String(what.text));
    }
    if (level >= warning && !isNew(this, args, level)) return;
    method.apply(this, args);
  };

  function isNew(log: Logger, args: Parameters<LogFn>, level: number): boolean {
    const [fields, text] = args as readonly unknown[];
    const bindings = log.bindings();
    try {
      const key = keyOf([bindings, level, ...args]);
      const line =
        typeof fields === 'object' ? { fields: { ...bindings, ...fields }, text } : { fields: bindings, text: fields };
      return repeats.isNew(key, { level, ...line }, clock.monotonicMs());
    } catch {
      // What cannot be compared is said.
      return true;
    }
  }
}

/** How an error is written: name, code and hint; the message only of our own errors, which promise to be clean. */
export function describe(error: unknown): { name: string; code?: string; message?: string; hint?: string } {
  if (!(error instanceof Error)) return { name: 'unknown' };
  const { name } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const ours = 'hint' in error;
  const hint = ours && typeof error.hint === 'string' ? { hint: error.hint } : {};
  return { name, ...code, ...(ours ? { message: error.message } : {}), ...hint };
}
