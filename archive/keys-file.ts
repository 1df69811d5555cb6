import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isSha256, type Sha256 } from '../core/digest.ts';
import type { Envelope } from '../core/envelope.ts';
import { writeFileDurable } from '../core/files.ts';
import { envelopeSchema } from '../protocol/batch.ts';
import { archiveIdSchema, caseIdSchema, tierSchema } from '../protocol/ids.ts';
import { ArchiveError, asArchiveFault } from './archive-error.ts';

const keysFileSchema = z.strictObject({
  v: z.literal(1),
  archiveId: archiveIdSchema,
  caseId: caseIdSchema,
  tier: tierSchema,
  /** Of the whole archive file. */
  sha256: z.string().refine(isSha256),
  bytes: z.int().positive(),
  /** The data key, wrapped for every reader, the one at rest included. */
  keys: envelopeSchema,
});

/** The sidecar of an archive: its wrapped data key, and which bytes it opens. */
export type KeysFile = Readonly<Omit<z.infer<typeof keysFileSchema>, 'sha256' | 'keys'>> & {
  readonly sha256: Sha256;
  readonly keys: Envelope;
};

/** Writes a sidecar that survives a power cut. */
export function writeKeysFile(path: string, keys: KeysFile): void {
  writeFileDurable(path, `${JSON.stringify(keysFileSchema.parse(keys))}\n`);
}

/** Reads a sidecar. Throws FILE_MISSING when it is not there (erased archives have none), DAMAGED when it is not one. */
export function readKeysFile(path: string): KeysFile {
  const text = readText(path);
  try {
    return keysFileSchema.parse(JSON.parse(text)) as KeysFile;
  } catch {
    // No cause: a parser's message quotes its input.
    throw new ArchiveError('DAMAGED', 'the keys file is not one', {
      hint: 'The copy of the keys in the batch manifest still opens the archive.',
    });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw asArchiveFault(error);
  }
}
