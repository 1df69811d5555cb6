import { ArchiveError } from './archive-error.ts';

const maxNameBytes = 1024;
const maxPartBytes = 255;
/** Control characters would forge terminal output; a backslash is a separator on other systems. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const forbidden = /[\u0000-\u001f\u007f-\u009f\\]/;

/** True for a relative path with `/` between its parts that stays below the folder it is written to. */
export function isSafeName(name: string): boolean {
  if (forbidden.test(name) || !name.isWellFormed() || Buffer.byteLength(name) > maxNameBytes) return false;
  return name
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= maxPartBytes);
}

/**
 * Checks the names of one archive together: each safe, none twice, none a folder of another.
 * Throws UNSAFE_NAME with the position, never with the name.
 */
export function checkNames(names: readonly string[]): void {
  const files = new Set<string>();
  for (const [position, name] of names.entries()) {
    if (!isSafeName(name)) throw unsafe(position, 'is not a relative path of ordinary parts');
    if (files.has(name)) throw unsafe(position, 'has a name that was used before');
    files.add(name);
  }
  for (const [position, name] of names.entries()) {
    for (let cut = name.indexOf('/'); cut > 0; cut = name.indexOf('/', cut + 1)) {
      if (files.has(name.slice(0, cut))) throw unsafe(position, 'lies inside what is a file');
    }
  }
}

function unsafe(position: number, what: string): ArchiveError {
  return new ArchiveError('UNSAFE_NAME', `file ${position} of the archive ${what}`);
}
