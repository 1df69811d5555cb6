/** One file of an export, before anything is known of it. */
export interface SourceFile {
  /** Relative to the root of the source, parts separated by `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Of a plain file in a folder: its path in the file system, in bytes. Another thread can open it there. */
  readonly place?: Uint8Array;
  /**
   * The content in pieces of at most 256 KiB. May be called again; each call reads afresh. With `into` (256 KiB), pieces
   * may be read into it: each is then good only until the next is asked for. A large study is read without waste so.
   */
  open(into?: Buffer): AsyncIterable<Uint8Array>;
}

/**
 * Where an export comes from: a folder or an archive, perhaps one in the other. `files` are in a stable order, each path
 * once. What was opened by `openSource` holds files, memory and perhaps a process: `close` it.
 */
export interface Source {
  /** The container's own name. Never passed on: only searched for in what leaves. */
  readonly name?: string;
  readonly files: readonly SourceFile[];
  /** Entries that were not looked into, because they are no plain files: counted by kind. */
  readonly leftOut?: readonly LeftOut[];
  /** What read it, from the outside in: `folder`, `zip (yauzl) > 7z (7z-wasm 24.09)`. Holds no name. */
  readonly container?: string;
  /** Ends what the source holds; its files cannot be opened after that. May be called twice. */
  close?(): Promise<void>;
}

/** Files that stay behind, by kind. */
export interface LeftOut {
  readonly kind: string;
  readonly count: number;
}

/** Largest piece that a source hands over, and largest that the pseudonymiser hands on. */
export const maxPieceBytes = 256 * 1024;
