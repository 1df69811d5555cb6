import { openSync } from 'node:fs';
import { type Logger, pino } from 'pino';

export type Log = Logger;

/**
 * JSON lines to a file descriptor or file, synchronous so that the last line before a crash is there.
 * Keys are ours and few; values are ids, counts, codes and durations. Never a patient value, an original name, a key.
 */
export function openLog(destination: { readonly file: string } | { readonly fd: number }, level = 'info'): Log {
  const fd = 'fd' in destination ? destination.fd : openSync(destination.file, 'a', 0o600);
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd, sync: true }));
}

export const silentLog: Log = pino({ level: 'silent' });

/** How an error is written: name, code and hint; the message only of our own errors, which promise to be clean. */
export function describe(error: unknown): { name: string; code?: string; message?: string; hint?: string } {
  if (!(error instanceof Error)) return { name: 'unknown' };
  const { name } = error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const ours = 'hint' in error;
  const hint = ours && typeof error.hint === 'string' ? { hint: error.hint } : {};
  return { name, ...code, ...(ours ? { message: error.message } : {}), ...hint };
}
