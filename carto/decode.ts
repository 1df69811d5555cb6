import { isUtf8 } from 'node:buffer';
import type { Checkpoint } from '../core/gate-flag.ts';
import { CartoError } from './error.ts';
import { contentOf, piecesOf } from './pieces.ts';
import type { SourceFile } from './source.ts';

const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

/**
 * The beginning of a file without the mark that some editors put before UTF-8. Throws UNREADABLE for UTF-16, which no
 * export is written in: a file in it was made or changed by another program.
 */
export function textStart<T extends Uint8Array>(bytes: T, kind: string): T {
  if (isUtf16(bytes)) {
    throw new CartoError('UNREADABLE', 'a file is in UTF-16, which an export never is', {
      kind,
      hint: 'The file was saved again by another program. Export the study again.',
    });
  }
  return byteOrderMark.every((byte, at) => bytes[at] === byte) ? (bytes.subarray(3) as T) : bytes;
}

/** By its mark, or by every second byte of its first letters being zero. */
export function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  return bytes.length > 1 && (first === 0) !== (second === 0);
}

/** UTF-8 where it is valid UTF-8, else Windows-1252: an export holds both (the study XML and the meshes differ). */
export function decodeText(bytes: Uint8Array): string {
  return isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') : cp1252(bytes);
}

/** Files up to this size are decoded in one go. */
const smallBytes = 1 << 20;

/**
 * A file as text, piece by piece. Which of the two encodings it has is known only at its end, so a large file is read
 * twice.
 */
export async function* textOf(file: SourceFile, checkpoint: Checkpoint, kind: string): AsyncGenerator<string> {
  if (file.bytes <= smallBytes) {
    yield decodeText(textStart(await contentOf(file, checkpoint), kind));
    return;
  }
  const decoder = new TextDecoder((await isUtf8File(file, checkpoint)) ? 'utf-8' : 'windows-1252');
  let isFirst = true;
  for await (const piece of piecesOf(file, checkpoint)) {
    yield decoder.decode(isFirst ? textStart(piece, kind) : piece, { stream: true });
    isFirst = false;
  }
  yield decoder.decode();
}

async function isUtf8File(file: SourceFile, checkpoint: Checkpoint): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const piece of piecesOf(file, checkpoint)) decoder.decode(piece, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function cp1252(bytes: Uint8Array): string {
  return new TextDecoder('windows-1252').decode(bytes);
}
