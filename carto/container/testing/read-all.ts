import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { passAlways } from '../../../core/gate-flag.ts';
import { temporaryFolder } from '../../../core/testing/folder.ts';
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

async function contentsOf(source: Source): Promise<Record<string, Buffer>> {
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

/** An archive is refused by such an error, and nothing was written beside it. */
export async function expectRefused(
  test: TestContext,
  archive: Buffer,
  code: CartoErrorCode,
  options: OpenOptions = {},
): Promise<void> {
  const folder = temporaryFolder(test);
  const path = join(folder, 'in');
  writeFileSync(path, archive);
  await assert.rejects(readAll(path, { spoolFolder: folder, ...options }), refused(code, 'Jane', folder));
  assert.deepEqual(readdirSync(folder), ['in'], 'nothing is written');
}

/** An archive of a study does not open without its password, nor with another one, and neither error says what is inside. */
export async function expectLocked(path: string): Promise<void> {
  const folder = dirname(path);
  await assert.rejects(readAll(path), refused('PASSWORD_NEEDED', 'Study', folder));
  const password = 'Janes Geburtstag';
  await assert.rejects(readAll(path, { password }), refused('WRONG_PASSWORD', 'Janes', 'Study', folder));
}
