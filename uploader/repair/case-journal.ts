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

// A later release may add to a line: this one reads what it knows of it.
const archiveSchema = z.object({
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

const studySchema = z.object({
  studyId: z.string(),
  profile: profileSchema,
  /** Codes and counters after this case, encrypted, in base64. */
  linkage: z.base64(),
  /** How often the study had been sealed then, this case included. */
  revision: z.int().positive().default(1),
  /** By which its next export is recognised: keyed digests. */
  marks: z.array(z.string()).default([]),
});

const sealedSchema = z.object({
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
  study: studySchema.optional(),
  archives: z.array(archiveSchema).min(1),
});

const withdrawnSchema = z.object({
  kind: z.literal('withdrawn'),
  caseId: caseIdSchema,
  /** So that its export is not taken in again. */
  entryKey: z.string(),
  signature: z.string(),
  at: z.iso.datetime(),
  /** What the receiver was ordered to erase, as JSON; absent when nothing had left. */
  order: z.string().optional(),
  certificate: z.string().optional(),
  certifiedAt: z.iso.datetime().optional(),
});

const lineSchema = z.discriminatedUnion('kind', [
  sealedSchema,
  z.object({ kind: z.literal('delivered'), caseId: caseIdSchema, at: z.iso.datetime() }),
  withdrawnSchema,
]);

export type JournalLine = z.infer<typeof lineSchema>;
/** What a ledger's rows of a sealed case are made of again. */
export type SealedNote = Readonly<z.infer<typeof sealedSchema>>;
/** That a case was withdrawn, and what came of it. */
export type WithdrawnNote = Readonly<z.infer<typeof withdrawnSchema>>;

/** What the journal says of a case. */
export interface JournalCase {
  readonly note: SealedNote;
  readonly deliveredAt?: string;
}

/** All that the journal says. */
export interface Journal {
  /** Every case that was ever sealed and not withdrawn since, in that order. */
  readonly cases: ReadonlyMap<string, JournalCase>;
  /** The last word on every case that was withdrawn. */
  readonly withdrawn: ReadonlyMap<string, WithdrawnNote>;
  /** Lines that cannot be read. */
  readonly unreadable: number;
}

/**
 * What a lost ledger is rebuilt from: an append-only file of one line per sealed case, one per delivered case and one
 * per withdrawn case, each encrypted under the storage key. It never leaves the appliance.
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

  read(): Journal {
    const cases = new Map<string, JournalCase>();
    const withdrawn = new Map<string, WithdrawnNote>();
    let unreadable = 0;
    for (const text of this.#lines()) {
      const line = this.#opened(text);
      if (!line) unreadable += 1;
      else if (line.kind === 'sealed') cases.set(line.caseId, { note: line });
      else if (line.kind === 'withdrawn') withdrawn.set(line.caseId, line);
      else {
        const known = cases.get(line.caseId);
        if (known) cases.set(line.caseId, { ...known, deliveredAt: line.at });
      }
    }
    return { cases, withdrawn, unreadable };
  }

  /**
   * Removes every line of a withdrawn case, durably, but for what says that it was withdrawn. What its study had given
   * out by then moves to another case of the study, if there is one, so that no code and no number is given out twice.
   */
  forget(withdrawn: WithdrawnNote): void {
    const { caseId } = withdrawn;
    const lines = this.#lines().map((text) => ({ text, line: this.#opened(text) }));
    const own = lines.filter(({ line }) => line?.caseId === caseId);
    if (own.length === 0 || own.every(({ line }) => line?.kind === 'withdrawn')) return;
    const last = own.findLast(({ line }) => line?.kind === 'withdrawn')?.text ?? this.#sealed(withdrawn);
    const kept = lines.filter((one) => !own.includes(one));
    const texts = kept.map(({ text }) => text);
    const study = newestStudy(own.map(({ line }) => line));
    const heir = kept.findLastIndex(({ line }) => line?.kind === 'sealed' && line.study?.studyId === study?.studyId);
    const { line } = kept[heir] ?? {};
    if (study && line?.kind === 'sealed' && (line.study?.revision ?? 0) < study.revision) {
      texts[heir] = this.#sealed({ ...line, study });
    }
    writeFileDurable(this.#path, [...texts, last].map((text) => `${text}\n`).join(''));
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

function newestStudy(lines: readonly (JournalLine | undefined)[]): SealedNote['study'] {
  const studies = lines.flatMap((line) => (line?.kind === 'sealed' && line.study ? [line.study] : []));
  return studies.toSorted((one, other) => one.revision - other.revision).at(-1);
}
