import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { openText, sealText } from '../../core/boxed-text.ts';
import { syncFolder, writeFileDurable } from '../../core/files.ts';
import { studyCountsSchema } from '../../protocol/batch.ts';
import { sendPolicySchema } from '../../protocol/documents.ts';
import { archiveIdSchema, caseIdSchema, sha256Schema, tierSchema } from '../../protocol/ids.ts';
import { profileSchema } from '../../protocol/profile.ts';

const archiveSchema = z.strictObject({
  archiveId: archiveIdSchema,
  tier: tierSchema,
  file: z.string(),
  keysFile: z.string(),
  sha256: sha256Schema,
  bytes: z.int().positive(),
  files: z.int().nonnegative(),
  recipients: z.array(z.string()).optional(),
  base: archiveIdSchema.optional(),
  send: sendPolicySchema.optional(),
});

const sealedSchema = z.strictObject({
  kind: z.literal('sealed'),
  caseId: caseIdSchema,
  entryKey: z.string(),
  signature: z.string(),
  /** The display name, encrypted, in base64. */
  source: z.base64(),
  fingerprint: z.string().optional(),
  files: z.int().nonnegative(),
  sourceBytes: z.int().nonnegative(),
  detectedAt: z.iso.datetime(),
  counts: studyCountsSchema,
  /** `linkage`: codes and counters after this case, encrypted, in base64. */
  study: z.strictObject({ studyId: z.string(), profile: profileSchema, linkage: z.base64() }).optional(),
  archives: z.array(archiveSchema).min(1),
});

const lineSchema = z.discriminatedUnion('kind', [
  sealedSchema,
  z.strictObject({ kind: z.literal('delivered'), caseId: caseIdSchema, at: z.iso.datetime() }),
]);

export type JournalLine = z.infer<typeof lineSchema>;
/** What a ledger's rows of a sealed case are made of again. */
export type SealedNote = Readonly<z.infer<typeof sealedSchema>>;

/** What the journal says of a case. */
export interface JournalCase {
  readonly note: SealedNote;
  readonly deliveredAt?: string;
}

/**
 * What a lost ledger is rebuilt from: an append-only file of one line per sealed case and one per delivered case, each
 * encrypted under the storage key. It never leaves the appliance.
 */
export class CaseJournal {
  readonly #path: string;
  readonly #key: Uint8Array;

  constructor(path: string, storageKey: Uint8Array) {
    this.#path = path;
    this.#key = storageKey;
  }

  /** Appends a line; it is on disk, fsynced, when this returns. */
  append(line: JournalLine): void {
    const isNew = !existsSync(this.#path);
    const handle = openSync(this.#path, 'a', 0o600);
    try {
      // The line before may have been cut by a power failure.
      const text = Buffer.from(`\n${this.#sealed(line)}\n`);
      for (let written = 0; written < text.length; ) written += writeSync(handle, text, written);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (isNew) syncFolder(dirname(this.#path));
  }

  /** Every case that was ever sealed, in that order. Lines that cannot be read are passed over and counted. */
  read(): { readonly cases: ReadonlyMap<string, JournalCase>; readonly unreadable: number } {
    const cases = new Map<string, JournalCase>();
    let unreadable = 0;
    for (const text of this.#lines()) {
      const line = this.#opened(text);
      if (!line) unreadable += 1;
      else if (line.kind === 'sealed') cases.set(line.caseId, { note: line });
      else {
        const known = cases.get(line.caseId);
        if (known) cases.set(line.caseId, { ...known, deliveredAt: line.at });
      }
    }
    return { cases, unreadable };
  }

  /** Removes every line of a case, durably: for one that is erased for good. */
  forget(caseId: string): void {
    const lines = this.#lines();
    const kept = lines.filter((text) => this.#opened(text)?.caseId !== caseId);
    if (kept.length < lines.length) writeFileDurable(this.#path, kept.map((text) => `${text}\n`).join(''));
  }

  #lines(): string[] {
    if (!existsSync(this.#path)) return [];
    return readFileSync(this.#path, 'latin1')
      .split('\n')
      .filter((text) => text !== '');
  }

  #sealed(line: JournalLine): string {
    const packed = zstdCompressSync(JSON.stringify(lineSchema.parse(line))).toString('base64');
    return sealText(packed, this.#key).toString('base64');
  }

  #opened(text: string): JournalLine | undefined {
    try {
      const packed = Buffer.from(openText(Buffer.from(text, 'base64'), this.#key), 'base64');
      return lineSchema.parse(JSON.parse(String(zstdDecompressSync(packed, { maxOutputLength: 1 << 22 }))));
    } catch {
      // Cut, damaged, or under another key: GCM tells.
      return undefined;
    }
  }
}
