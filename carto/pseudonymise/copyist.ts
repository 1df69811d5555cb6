import type { Checkpoint } from '../../core/gate-flag.ts';
import type { FileKind } from '../files.ts';
import { fileAt, type PlacedFile } from '../folder.ts';
import type { Warning } from '../warnings.ts';
import { type DeskCopy, deskOf } from './desk-copy.ts';
import { lexiconOf } from './lexicon.ts';
import { type Desk, Pen } from './pen.ts';
import { produce } from './production.ts';
import { rules } from './rules.ts';
import { OutputScan, type ScanTerms } from './scan.ts';
import { rulesFor, treatmentOf } from './treatment.ts';

/** A file of a study as another thread can write it: plain values. */
export interface FileOrder extends PlacedFile {
  /** In the output. */
  readonly name: string;
  readonly kind: FileKind;
}

/**
 * Thrown where a file needs what the copy of the desk does not know, such as a code for a name that was not met before.
 * It has to be written at the desk itself; nothing is wrong with it.
 */
export class NotInCopy extends Error {
  constructor() {
    super('the file needs more than the copy of the desk knows');
    this.name = 'NotInCopy';
  }
}

/**
 * Writes files of a study from a copy of what its writers knew: the very bytes that they would write, or none. Whatever
 * the copy would have to add of its own makes it refuse the file, so the order of files, and who writes which, is no
 * matter.
 */
export class Copyist {
  readonly #copy: DeskCopy;
  readonly #checkpoint: Checkpoint;
  readonly #lexicon = lexiconOf(rules);
  #desk: Desk;
  #known: number;

  constructor(copy: DeskCopy, checkpoint: Checkpoint) {
    this.#copy = copy;
    this.#checkpoint = checkpoint;
    this.#desk = deskOf(copy);
    this.#known = sizeOf(this.#desk);
  }

  /** As `PseudonymisedFile.open` with `transient`. Rejects with NotInCopy, at any piece: then none of them may be used. */
  async *open(order: FileOrder): AsyncGenerator<Uint8Array> {
    const { kind, name } = order;
    const treatment = treatmentOf(kind, this.#copy.unsupported);
    if (!treatment) throw new RangeError(`a file of the kind ${kind} is not written`);
    const pen = new Pen(this.#desk, rulesFor(kind, treatment));
    const scan = new OutputScan(this.#terms(), pen.kind);
    const file = fileAt(order, this.#checkpoint);
    const checkpoint = this.#checkpoint;
    try {
      for await (const piece of produce({ treatment, pen, file, path: name, transient: true, checkpoint, scan })) {
        this.#expectNothingNew();
        yield piece;
      }
    } catch (error) {
      // What it learned may be why it failed: the desk decides.
      this.#expectNothingNew();
      throw error;
    }
    this.#expectNothingNew();
  }

  /** What there was to warn of since the last call. */
  takeWarnings(): readonly Warning[] {
    return this.#desk.warnings.take();
  }

  #terms(): ScanTerms {
    const { originals, codes } = this.#desk;
    return { originals, lexicon: this.#lexicon, codeWords: codes.words };
  }

  #expectNothingNew(): void {
    if (sizeOf(this.#desk) === this.#known) return;
    this.#desk = deskOf(this.#copy);
    throw new NotInCopy();
  }
}

function sizeOf({ codes, counters, originals }: Desk): number {
  return codes.size + counters.size + originals.size;
}
