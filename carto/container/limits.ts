/** Caps on what is taken from one source. Passing one ends with `TOO_LARGE`, a name's length with `UNSAFE_NAME`. */
export interface SourceLimits {
  /** Files and folders, each counted. */
  readonly maxEntries: number;
  readonly maxTotalBytes: number;
  /** A file may be an archive of all the others. */
  readonly maxFileBytes: number;
  /** Folders below the root. */
  readonly maxDepth: number;
  /** UTF-16 units of the whole path of an archive's entry. */
  readonly maxNameLength: number;
  /** Bytes that an archive may unpack to, for each byte of the outermost container; none is asked below 64 MiB. */
  readonly maxRatio: number;
  /** Archives inside archives: 1 allows an archive in an archive. */
  readonly maxNesting: number;
}

export const defaultSourceLimits: SourceLimits = {
  maxEntries: 100_000,
  maxTotalBytes: 64 * 2 ** 30,
  maxFileBytes: 16 * 2 ** 30,
  maxDepth: 8,
  maxNameLength: 512,
  maxRatio: 250,
  maxNesting: 3,
};

/** What unpacks to less than this is no bomb, whatever it was packed to. */
export const harmlessBytes = 64 * 2 ** 20;
