import type { Checkpoint } from '../../core/gate-flag.ts';
import type { SourceFile } from '../source.ts';
import type { Ecg } from '../study.ts';
import { readEcg } from './ecg.ts';

/**
 * Loads ECG files. Points that share a file and are asked one after the other, or at once, read it once: the file that was
 * read last is kept, and no other. Weak references would hold every file until the event loop turns, which it need not
 * while a source has its bytes in memory.
 */
export class EcgLoader {
  readonly #checkpoint: Checkpoint;
  readonly #ordinals = new Map<SourceFile, number>();
  #last: { readonly file: SourceFile; readonly ecg: Promise<Ecg> } | undefined;

  constructor(checkpoint: Checkpoint) {
    this.#checkpoint = checkpoint;
  }

  /** Equal for the same file, from 0 in the order in which files are asked about. */
  ordinalOf(file: SourceFile): number {
    const known = this.#ordinals.get(file) ?? this.#ordinals.size;
    this.#ordinals.set(file, known);
    return known;
  }

  async load(file: SourceFile): Promise<Ecg> {
    if (this.#last?.file === file) return this.#last.ecg;
    const ecg = readEcg(file, this.#checkpoint);
    this.#last = { file, ecg };
    try {
      return await ecg;
    } catch (error) {
      // A file that could not be read is read again when it is asked for again.
      if (this.#last?.ecg === ecg) this.#last = undefined;
      throw error;
    }
  }
}
