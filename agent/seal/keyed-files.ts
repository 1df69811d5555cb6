import type { KeyObject } from 'node:crypto';
import type { BaseArchive } from '../../archive/index.ts';
import { hmacSha256 } from '../../core/digest.ts';
import type { FileDigests } from '../../uploader/index.ts';

/** 128 bits: no two files of a study meet. */
const digits = 32;

export interface NamedContent {
  readonly name: string;
  /** Of the pseudonymised content. */
  readonly sha256: string;
}

/** A file by keyed digests, so that the ledger can tell it again and nobody can learn from the ledger what it was. */
export function keyedFile({ name, sha256 }: NamedContent, siteKey: KeyObject): FileDigests {
  return [keyedName(name, siteKey), hmacSha256(siteKey, `content\0${sha256}`).slice(0, digits)];
}

/** The base of a study, from what the ledger keeps of its files. */
export function keyedBase(
  { archiveId, files }: { readonly archiveId: string; readonly files: readonly FileDigests[] },
  siteKey: KeyObject,
): BaseArchive {
  const held = new Map(files);
  return {
    archiveId,
    has: (name) => held.has(keyedName(name, siteKey)),
    holds(name, sha256) {
      const [keyed, content] = keyedFile({ name, sha256 }, siteKey);
      return held.get(keyed) === content;
    },
  };
}

function keyedName(name: string, siteKey: KeyObject): string {
  return hmacSha256(siteKey, `name\0${name}`).slice(0, digits);
}
