import type { Checkpoint } from '../../core/gate-flag.ts';
import type { SourceFile } from '../source.ts';
import type { Ecg } from '../study.ts';
import { readEcg } from './ecg.ts';

/**
 * Loads ECG files, each once however many points share it, as long as somebody holds what was read or waits for it.
 * It keeps nothing alive itself: going through all points of a study needs the memory of one file.
 */
export class EcgLoader {
  readonly #checkpoint: Checkpoint;
  readonly #ordinals = new Map<SourceFile, number>();
  readonly #read = new Map<SourceFile, WeakRef<Ecg>>();
  readonly #waiting = new Map<SourceFile, Promise<Ecg>>();

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
    const known = this.#read.get(file)?.deref();
    if (known) return known;
    const waiting = this.#waiting.get(file) ?? this.#start(file);
    return waiting;
  }

  #start(file: SourceFile): Promise<Ecg> {
    const reading = readEcg(file, this.#checkpoint)
      .then((ecg) => {
        this.#read.set(file, new WeakRef(ecg));
        return ecg;
      })
      .finally(() => this.#waiting.delete(file));
    this.#waiting.set(file, reading);
    return reading;
  }
}
