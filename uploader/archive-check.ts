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

/**
 * Proves that a file still has the bytes that were sealed. One piece of 1 MiB is read while the one before is hashed;
 * `pass` is called in between, when nothing is being read.
 */
export async function proveBytes(file: FileHandle, sha256: string, pass: () => Promise<void>): Promise<void> {
  const hash = createHash('sha256');
  const pieces = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)] as const;
  await pass();
  let reading = file.read(pieces[0], 0, pieceBytes, 0);
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await reading;
    if (bytesRead === 0) break;
    await pass();
    at += bytesRead;
    reading = file.read(buffer === pieces[0] ? pieces[1] : pieces[0], 0, pieceBytes, at);
    hash.update(buffer.subarray(0, bytesRead));
  }
  if (hash.digest('hex') !== sha256) throw damaged('its SHA-256 differs');
}

/** Fills a block from the file and digests it on the way. Throws ARCHIVE_DAMAGED when the file ends before. */
export async function readBlock(file: FileHandle, start: number, block: Buffer): Promise<Buffer> {
  const hash = createHash('sha256');
  for (let read = 0; read < block.length; ) {
    // Piece by piece: several megabytes at once would hold up everything else.
    const { bytesRead } = await file.read(block, read, Math.min(pieceBytes, block.length - read), start + read);
    if (bytesRead === 0) throw damaged('it ended early');
    hash.update(block.subarray(read, read + bytesRead));
    read += bytesRead;
  }
  return hash.digest();
}

function damaged(what: string, cause?: unknown): UploadError {
  return new UploadError('ARCHIVE_DAMAGED', `an archive on disk is not what was sealed: ${what}`, {
    hint: 'Check the disk, then copy the export into the inbox again.',
    cause,
  });
}
