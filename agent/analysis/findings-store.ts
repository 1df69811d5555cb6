import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openText, sealText } from '../../core/boxed-text.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { eraseFile, finishedFiles, makeFolder, writeFileDurable } from '../../core/files.ts';
import { type CaseFindings, caseFindingsSchema } from '../../protocol/findings.ts';

const suffix = '.findings';

/** One file per case, under the appliance's storage key: an anatomy belongs to one person. */
export class FindingsStore {
  readonly #folder: string;
  readonly #key: Uint8Array;

  constructor(folder: string, storageKey: Uint8Array) {
    this.#folder = folder;
    this.#key = storageKey;
  }

  has(caseId: string): boolean {
    return existsSync(this.#pathOf(caseId));
  }

  /** The same findings, the same bytes. */
  textOf(found: CaseFindings): string {
    return canonicalJson(caseFindingsSchema.parse(found));
  }

  /** Durable when it resolves. */
  async write(found: CaseFindings): Promise<void> {
    await makeFolder(this.#folder);
    writeFileDurable(this.#pathOf(found.caseId), sealText(this.textOf(found), this.#key));
  }

  /** Undefined where there is none. Throws when the file is damaged. */
  read(caseId: string): CaseFindings | undefined {
    if (!this.has(caseId)) return undefined;
    return caseFindingsSchema.parse(JSON.parse(openText(readFileSync(this.#pathOf(caseId)), this.#key)));
  }

  /** The cases that have findings. */
  cases(): readonly string[] {
    return finishedFiles(this.#folder, suffix).map((name) => name.slice(0, -suffix.length));
  }

  erase(caseId: string): void {
    eraseFile(this.#pathOf(caseId));
  }

  #pathOf(caseId: string): string {
    return join(this.#folder, `${caseId}${suffix}`);
  }
}
