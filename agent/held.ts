import { codeOf } from '../core/errors.ts';
import type { HeldReason } from '../protocol/documents.ts';

/** Why a case waits for a person, and what that person can do. */
export interface Reason {
  readonly reason: HeldReason;
  readonly hint: string;
}

/** Stands in a hint for the id of the case, so that the hint ends with the command to type. */
const id = '{case}';
const again = `To read it again as it is: vestibule cases release ${id}`;

// biome-ignore format: the columns are the documentation
const reasons: Readonly<Record<string, Reason>> = {
  EMPTY:           { reason: 'empty',           hint: 'The folder holds no file. Copy the export again; it is taken by itself once it has changed.' },
  NO_STUDY:        { reason: 'no-study',        hint: 'No study XML was found. Check that this is a CARTO 3 export (RawData) and that the copy is complete.' },
  UNREADABLE:      { reason: 'unreadable',      hint: `A file of the export is damaged or cut. Export and copy it again; the log names kind and line. ${again}` },
  TOO_LARGE:       { reason: 'too-large',       hint: `The entry exceeds a limit of the site file (intake.maxEntries, intake.maxBytes, intake.limits); the log names it. Raise it if such an export is expected, start the appliance again, then: vestibule cases release ${id}` },
  PHI_SUSPECTED:   { reason: 'phi-suspected',   hint: 'The pseudonymised output still matched an identifier rule, so nothing left. Report the rule that the log names.' },
  ENOSPC:          { reason: 'disk-full',       hint: 'Too little space for this case. Free space on the data folder\u2019s disk; it is taken by itself then.' },
  DISK_FULL:       { reason: 'disk-full',       hint: 'Too little space for this case. Free space on the data folder\u2019s disk; it is taken by itself then.' },
  SQLITE_FULL:     { reason: 'disk-full',       hint: 'Too little space for this case. Free space on the data folder\u2019s disk; it is taken by itself then.' },
  SOURCE_GONE:     { reason: 'source-gone',     hint: 'The entry left the inbox before it was sealed. Copy it, or import it, again; it is taken by itself then.' },
  UNSUPPORTED:     { reason: 'unsupported',     hint: 'Folders, zip and 7-Zip containers are read. Unpack anything else into the inbox as a folder.' },
  UNSAFE_NAME:     { reason: 'unsafe-name',     hint: 'The container holds a name that leads out of it, a link, or two names that one folder could not hold. Nothing of it was written. Find out who made it, and export the study again.' },
  NEEDS_APPROVAL:  { reason: 'needs-approval',  hint: `This site asks before a case is taken (intake.mode). If it is the right one: vestibule cases release ${id}` },
  PASSWORD_NEEDED: { reason: 'password-needed', hint: `The container is locked. Type its password at the prompt of: vestibule cases unlock ${id}` },
  WRONG_PASSWORD:  { reason: 'password-needed', hint: `The password that was typed does not open the container. Type another: vestibule cases unlock ${id}` },
  NO_PASSWORD_FITS:{ reason: 'password-needed', hint: `No password from intake.passwords opens the container. Type the right one: vestibule cases unlock ${id}` },
  PASSWORD_SOURCE: { reason: 'password-needed', hint: `The container is locked, and a source of intake.passwords could not be used; the log says which and why. Mend it, then: vestibule cases release ${id}. Or type the password: vestibule cases unlock ${id}` },
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
    hint: `It failed five times; the log has the code. Copy the export again, or report the code. ${again}`,
  };
}

/** A hint as it is told: with the id of the case where a command is to be typed. */
export function hintFor(hint: string, caseId: string): string {
  return hint.replaceAll(id, caseId);
}

/** Whether a held case can go on with its entry as it is, once a person, or the disk, lets it. */
export function canGoOn(reason: HeldReason | undefined): boolean {
  return reason === 'password-needed' || reason === 'needs-approval' || reason === 'disk-full';
}
