import type { LeftOut, SourceFile } from '../source.ts';
import type { RandomBytes } from './bytes.ts';

/** A file of a container. It may itself be a container, which has to be read anywhere. */
export interface ContainedFile extends SourceFile {
  /** Its content, readable anywhere, where that costs nothing. Without it the content has to be spooled first. */
  readonly random?: () => Promise<RandomBytes>;
}

/** A container whose entries are known and harmless by name, number and announced size. */
export interface OpenedContainer {
  /** What reads it, for people: `zip (yauzl)`. */
  readonly label: string;
  /** In a stable order, each path once. */
  readonly files: readonly ContainedFile[];
  readonly leftOut: readonly LeftOut[];
  close(): Promise<void>;
}

/** The one order of files. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1;
}
