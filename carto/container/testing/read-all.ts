import { passAlways } from '../../../core/gate-flag.ts';
import { CartoError, type CartoErrorCode } from '../../error.ts';
import { contentOf } from '../../pieces.ts';
import type { Source } from '../../source.ts';
import { type OpenOptions, openSource } from '../open-source.ts';

/** Every file of a container, with what read it. */
export async function readAll(
  path: string,
  options: OpenOptions = {},
): Promise<{ readonly container: string; readonly files: Record<string, Buffer> }> {
  const source = await openSource(path, passAlways, options);
  try {
    return { container: source.container ?? '', files: await contentsOf(source) };
  } finally {
    await source.close?.();
  }
}

export async function contentsOf(source: Source): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const file of source.files) files[file.path] = await contentOf(file, passAlways);
  return files;
}

/** For `assert.rejects`: an error of ours, with this code, that says nothing of the source. */
export function refused(code: CartoErrorCode, ...secrets: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof CartoError) || error.code !== code) throw error;
    const said = `${error.message} ${error.hint} ${error.stack} ${JSON.stringify(error)}`;
    const leaked = secrets.find((secret) => said.includes(secret));
    if (leaked !== undefined) throw new Error(`the error says ${leaked}`);
    return true;
  };
}
