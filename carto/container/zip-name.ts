import { isUtf8 } from 'node:buffer';
import yauzl, { type Entry } from 'yauzl';

/**
 * The name of an entry: what the flag or the Unicode field says; without them what is valid UTF-8 is taken for it, and the
 * rest for code page 437, as the specification says.
 */
export function zipNameOf(entry: Entry): string {
  const utf8 = isUtf8(entry.fileNameRaw) ? 0x800 : 0;
  return yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag | utf8, entry.fileNameRaw, entry.extraFields, true);
}
