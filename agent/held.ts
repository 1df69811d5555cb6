import { codeOf } from '../core/errors.ts';
import type { HeldReason } from '../protocol/documents.ts';

/** Why a case waits for a person, and what that person can do. */
export interface Reason {
  readonly reason: HeldReason;
  readonly hint: string;
}

// biome-ignore format: the columns are the documentation
const reasons: Readonly<Record<string, Reason>> = {
  EMPTY:         { reason: 'empty',         hint: 'The folder holds no file. Copy the export again; it is taken by itself once it has changed.' },
  NO_STUDY:      { reason: 'no-study',      hint: 'No study XML was found. Check that this is a CARTO 3 export (RawData) and that the copy is complete.' },
  UNREADABLE:    { reason: 'unreadable',    hint: 'A file of the export is damaged or cut. Export and copy it again; the log names kind and line.' },
  TOO_LARGE:     { reason: 'too-large',     hint: 'The entry exceeds intake.maxEntries or intake.maxBytes. Raise them in the site file, or remove what is no export.' },
  PHI_SUSPECTED: { reason: 'phi-suspected', hint: 'The pseudonymised output still matched an identifier rule, so nothing left. Report the rule that the log names.' },
  ENOSPC:        { reason: 'disk-full',     hint: 'Too little space for this case. Free space on the data folder\u2019s disk; it is taken by itself then.' },
  SOURCE_GONE:   { reason: 'source-gone',   hint: 'The entry left the inbox before it was sealed. Copy it again; it is taken by itself then.' },
  DISK_FULL:     { reason: 'disk-full',     hint: 'Too little space for this case. Free space on the data folder\u2019s disk; it is taken by itself then.' },
  SQLITE_FULL:   { reason: 'disk-full',     hint: 'Too little space for this case. Free space on the data folder\u2019s disk; it is taken by itself then.' },
  CONTAINER:     { reason: 'unsupported',   hint: 'This release reads export folders only. Unpack the archive into the inbox as a folder.' },
};

/** Whatever has no row of its own may pass by itself: a busy file, a share that went away for a while. */
const triesBeforeHeld = 5;

/** The reason for a code of our own, or undefined while a failure may still pass by itself. */
export function reasonFor(code: keyof typeof reasons & string): Reason;
export function reasonFor(error: unknown, failures: number): Reason | undefined;
export function reasonFor(errorOrCode: unknown, failures = triesBeforeHeld): Reason | undefined {
  const code = typeof errorOrCode === 'string' ? errorOrCode : codeOf(errorOrCode);
  const own = code !== undefined && Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  if (own) return own;
  if (failures < triesBeforeHeld) return undefined;
  return {
    reason: 'unreadable',
    hint: 'It failed five times; the log has the code. Copy the export again, or report the code.',
  };
}
