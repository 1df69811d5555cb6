import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { UploadError } from './upload-error.ts';

const pieceBytes = 1024 * 1024;

/** Opens an archive for reading. Throws ARCHIVE_DAMAGED when it is gone or has another size. */
export async function openArchiveFile(path: string, bytes: number): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw damaged('it cannot be opened', cause);
  }
  try {
    const { size } = await file.stat();
    if (size !== bytes) throw damaged(`expected ${bytes} bytes, found ${size}`);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Proves that a file still has the bytes that were sealed. `pass` is called between pieces of 1 MiB. */
export async function proveBytes(file: FileHandle, sha256: string, pass: () => Promise<void>): Promise<void> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  for (let at = 0; ; ) {
    await pass();
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  if (hash.digest('hex') !== sha256) throw damaged('its SHA-256 differs');
}

/** Reads exactly so many bytes. Throws ARCHIVE_DAMAGED when the file ends before. */
export async function readExactly(file: FileHandle, start: number, bytes: number): Promise<Buffer> {
  const block = Buffer.allocUnsafeSlow(bytes);
  for (let read = 0; read < bytes; ) {
    const { bytesRead } = await file.read(block, read, bytes - read, start + read);
    if (bytesRead === 0) throw damaged('it ended early');
    read += bytesRead;
  }
  return block;
}

function damaged(what: string, cause?: unknown): UploadError {
  return new UploadError('ARCHIVE_DAMAGED', `an archive on disk is not what was sealed: ${what}`, {
    hint: 'Check the disk, then copy the export into the inbox again.',
    cause,
  });
}
