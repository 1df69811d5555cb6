import { isUtf8 } from 'node:buffer';
import type { Checkpoint } from '../core/gate-flag.ts';
import { contentOf, piecesOf } from './pieces.ts';
import type { SourceFile } from './source.ts';

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
export async function* textOf(file: SourceFile, checkpoint: Checkpoint): AsyncGenerator<string> {
  if (file.bytes <= smallBytes) {
    const text = decodeText(await contentOf(file, checkpoint));
    yield text.startsWith('\uFEFF') ? text.slice(1) : text;
    return;
  }
  const decoder = new TextDecoder((await isUtf8File(file, checkpoint)) ? 'utf-8' : 'windows-1252');
  for await (const piece of piecesOf(file, checkpoint)) yield decoder.decode(piece, { stream: true });
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
