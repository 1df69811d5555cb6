/** One file of an export, before anything is known of it. */
export interface SourceFile {
  /** Relative to the root of the source, parts separated by `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** The content in pieces of at most 256 KiB. May be called again; each call reads afresh. */
  open(): AsyncIterable<Uint8Array>;
}

/**
 * Where an export comes from: a folder, and later an archive. A container has to provide no more than this.
 * `files` are in a stable order, each path once.
 */
export interface Source {
  /** The container's own name. Never passed on: only searched for in what leaves. */
  readonly name?: string;
  readonly files: readonly SourceFile[];
  /** Entries that were not looked into, because they are no plain files: counted by kind. */
  readonly leftOut?: readonly LeftOut[];
}

/** Files that stay behind, by kind. */
export interface LeftOut {
  readonly kind: string;
  readonly count: number;
}

/** Largest piece that a source hands over, and largest that the pseudonymiser hands on. */
export const maxPieceBytes = 256 * 1024;
