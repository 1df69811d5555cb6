import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ArchiveError, asArchiveFault } from './archive-error.ts';
import { applicationId, deltaVersion, formatVersion, pageBytes } from './format.ts';

const headerBytes = 100;

/**
 * Looks at the first 100 bytes (SQLite file format, 1.3) before SQLite does: it must be a rollback-mode database of
 * our pages, id and version, and exactly as long as it says. So SQLite never starts a WAL for a stranger's file.
 * Says whether it is a delta. Throws NOT_AN_ARCHIVE, DAMAGED or FILE_MISSING.
 */
export function checkFileHeader(path: string): { readonly isDelta: boolean } {
  const { header, bytes } = readHeader(path);
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') throw notAnArchive('is not a SQLite database');
  if (header.readUInt32BE(68) !== applicationId) throw notAnArchive('is a SQLite database of another application');
  const version = header.readUInt32BE(60);
  if (version !== formatVersion && version !== deltaVersion) {
    throw notAnArchive(`has format version ${version}, this release reads up to ${deltaVersion}`);
  }
  if (layoutOf(header) !== layout) throw notAnArchive('is laid out differently');
  const pages = header.readUInt32BE(28);
  if (pages * pageBytes !== bytes) {
    throw new ArchiveError('DAMAGED', `the file should have ${pages * pageBytes} bytes and has ${bytes}`);
  }
  if (header.readUInt32BE(36) !== 0) throw new ArchiveError('DAMAGED', 'the file has pages that nothing uses');
  return { isDelta: version === deltaVersion };
}

/** Page size, no WAL for writing or reading, no reserved bytes, schema format 4, UTF-8. */
const layout = [pageBytes, 1, 1, 0, 4, 1].join();

function layoutOf(header: Buffer): string {
  const [pages, schemaFormat, encoding] = [header.readUInt16BE(16), header.readUInt32BE(44), header.readUInt32BE(56)];
  return [pages, header[18], header[19], header[20], schemaFormat, encoding].join();
}

function readHeader(path: string): { readonly header: Buffer; readonly bytes: number } {
  const header = Buffer.alloc(headerBytes);
  const handle = openRegular(path);
  try {
    const bytes = readSync(handle, header, 0, headerBytes, 0);
    if (bytes < headerBytes) throw notAnArchive('is shorter than a header');
    return { header, bytes: fstatSync(handle).size };
  } finally {
    closeSync(handle);
  }
}

function openRegular(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw asArchiveFault(error);
  }
}

function notAnArchive(what: string): ArchiveError {
  return new ArchiveError('NOT_AN_ARCHIVE', `the file ${what}`, {
    hint: 'A newer release may have written it; update this one. Otherwise it is some other file.',
  });
}
