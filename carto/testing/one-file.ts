import { CartoError } from '../error.ts';
import type { SourceFile } from '../source.ts';
import { memorySource } from './memory-source.ts';

/** One file with these bytes; text in Windows-1252 as far as it is Latin-1. */
export function fileOf(content: string | Uint8Array, path = 'file', pieceBytes = 1 << 18): SourceFile {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return memorySource({ [path]: bytes }, { pieceBytes }).files[0] as SourceFile;
}

/** For `assert.rejects`: a CartoError of this code and kind, at this line where one is given. */
export function failing(code: string, kind: string, line?: number): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof CartoError)) throw error;
    const found = [error.code, error.kind, line === undefined ? undefined : error.line].join(' ');
    const expected = [code, kind, line].join(' ');
    if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
    return true;
  };
}
