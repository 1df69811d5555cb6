import { GatewayError } from '../core/errors.ts';

/**
 * - `EMPTY`: there is no file at all.
 * - `NO_STUDY`: there are files, but no study XML among them.
 * - `UNREADABLE`: something that must be understood is not: cut off, damaged, or not of its format.
 * - `TOO_LARGE`: a configured cap was passed.
 * - `UNSUPPORTED`: a container that is of no kind that is read.
 * - `UNSAFE_NAME`: an archive holds a name that leads out of it, a link, or two names that one folder could not hold.
 * - `PASSWORD_NEEDED`: an archive is encrypted, and no password was given.
 * - `WRONG_PASSWORD`: the password that was given does not open it.
 * - `DISK_FULL`: there is no room to spool what has to be spooled.
 * - `PHI_SUSPECTED`: the scan of what would leave found what looks like an identifier.
 */
export type CartoErrorCode =
  | 'EMPTY'
  | 'NO_STUDY'
  | 'UNREADABLE'
  | 'TOO_LARGE'
  | 'UNSUPPORTED'
  | 'UNSAFE_NAME'
  | 'PASSWORD_NEEDED'
  | 'WRONG_PASSWORD'
  | 'DISK_FULL'
  | 'PHI_SUSPECTED';

/** Where it went wrong, in words that say nothing of the patient: the kind of file, and the line (from 1). */
export interface CartoErrorPlace {
  readonly kind?: string | undefined;
  readonly line?: number | undefined;
  readonly hint?: string;
}

/**
 * What went wrong with an export. The message never quotes a file's content or its name. A system error is not kept as
 * `cause`, because its text holds the path, and a parser's error is not, because it holds the content: the message
 * carries what is safe of them.
 */
export class CartoError extends GatewayError<CartoErrorCode> {
  readonly kind: string | undefined;
  readonly line: number | undefined;

  constructor(code: CartoErrorCode, message: string, place: CartoErrorPlace = {}) {
    super(code, `${message}${placeText(place)}`, { hint: place.hint ?? hints[code] });
    this.kind = place.kind;
    this.line = place.line;
  }
}

function placeText({ kind, line }: CartoErrorPlace): string {
  if (kind === undefined) return '';
  return line === undefined ? ` (kind ${kind})` : ` (kind ${kind}, line ${line})`;
}

/** What to do where a cap that no study reaches was passed. */
export const beyondAnyStudy = 'One study does not hold so much. The export may be damaged: export the study again.';

const hints: Readonly<Record<CartoErrorCode, string>> = {
  EMPTY: 'Copy the whole export into the folder, then release the case.',
  NO_STUDY: 'The folder must hold the study XML that the export wrote beside the meshes. Export the study again.',
  UNREADABLE: 'The copy may be cut off or damaged. Export the study again, or copy it again.',
  TOO_LARGE: 'Raise the limit in the configuration if an export of this size is expected.',
  UNSUPPORTED: 'Folders, zip and 7-Zip archives are read. Unpack anything else into a folder.',
  UNSAFE_NAME: 'CARTO does not write such an archive. Find out where it comes from, and export the study again.',
  PASSWORD_NEEDED: 'Give the password that was set when the study was exported.',
  WRONG_PASSWORD: 'Give the password that was set when the study was exported. If it is right, the archive is damaged.',
  DISK_FULL: 'Free space on the disk of the spool folder, then try again.',
  PHI_SUSPECTED:
    'Look at the export for an identifier where none belongs (names of maps, tags and presets, comments). Nothing left the appliance.',
};
