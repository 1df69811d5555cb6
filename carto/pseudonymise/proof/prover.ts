import type { Bounds } from '../../grammar/bounds.ts';
import type { Counters } from '../counters.ts';
import type { Originals } from '../originals.ts';
import { type CounterName, counterNames } from '../rule.ts';
import {
  columnKinds,
  counterShift,
  fractionFlag,
  hashFactor,
  hashShift,
  kernelBytes,
  layout,
  unknown,
} from './kernel.ts';
import { webAssembly } from './wasm.ts';

/** What the cells of a table's column are: numbers within bounds, a workstation's counter, or one of a few words. */
export type ProofColumn =
  | { readonly cells: 'numbers'; readonly bounds: Bounds }
  | { readonly cells: 'counters'; readonly counter: CounterName }
  | { readonly cells: 'words'; readonly words: readonly string[] };

/** The columns of a table, ready for the kernel. */
export interface ProofColumns {
  readonly specs: Int32Array;
  readonly counters: readonly (CounterName | undefined)[];
  readonly words: Int32Array;
}

/** Lines that were proved, as they go on, and how many. */
export class Proved {
  readonly bytes: Buffer;
  readonly lines: number;

  constructor(bytes: Buffer, lines: number) {
    this.bytes = bytes;
    this.lines = lines;
  }
}

const maxWords = 4;

/** Undefined where the kernel could prove nothing: no column, too many, or words that it cannot hold. */
export function proofColumns(columns: readonly ProofColumn[]): ProofColumns | undefined {
  if (columns.length === 0 || columns.length > layout.maxColumns) return undefined;
  const lists = columns.flatMap((column) => (column.cells === 'words' ? [column.words] : []));
  if (lists.some((list) => list !== lists[0])) return undefined;
  const words = (lists[0] ?? []).filter((word) => /^[A-Za-z]{1,4}$/.test(word));
  if (words.length > maxWords || (lists[0] && words.length === 0)) return undefined;
  return {
    specs: Int32Array.from(columns, specOf),
    counters: columns.map((column) => (column.cells === 'counters' ? column.counter : undefined)),
    words: Int32Array.from({ length: maxWords }, (_, at) => codeOf(words[at] ?? words[0] ?? '')),
  };
}

/** The largest power of ten that is within the bounds decides how many digits are. */
function specOf(column: ProofColumn): number {
  if (column.cells === 'words') return columnKinds.word;
  if (column.cells === 'counters') return columnKinds.counter | (counterNames.indexOf(column.counter) << counterShift);
  const { below, whole } = column.bounds;
  const digits = Math.min(15, String(Math.floor(below)).length - 1);
  return columnKinds.number | (digits << 8) | (whole ? 0 : fractionFlag);
}

function codeOf(word: string): number {
  return Buffer.from(word, 'latin1').reduce((code, byte) => (code << 8) | byte, 0);
}

type Prove = (at: number, end: number, columns: number, column: number, lines: number, before: number) => number;

let compiled: object | undefined;

/** The proof of bulk tables for one study: knows the numbers that staff typed in it, and its counters. */
export class Prover {
  readonly #originals: Originals;
  readonly #counters: Counters;
  readonly #memory: Buffer;
  readonly #prove: Prove;
  #originalsKnown = 0;
  #countersKnown = 0;
  #columns: ProofColumns | undefined;

  constructor(deps: { readonly originals: Originals; readonly counters: Counters }) {
    this.#originals = deps.originals;
    this.#counters = deps.counters;
    compiled ??= new webAssembly.Module(kernelBytes());
    const { memory, prove } = new webAssembly.Instance(compiled).exports;
    this.#memory = Buffer.from((memory as { readonly buffer: ArrayBuffer }).buffer);
    this.#prove = prove as Prove;
  }

  /**
   * Whole lines of a table (the last may lack its end), proved and with their counters rewritten; undefined when
   * anything is out of the ordinary. Synchronous: for a block of some hundred KiB.
   */
  prove(block: Buffer, columns: ProofColumns): Proved | undefined {
    if (block.length === 0 || block.length > layout.maxBlockBytes || !this.#syncOriginals()) return undefined;
    if (this.#columns !== columns) this.#take(columns);
    const at = layout.block;
    const end = at + block.length;
    block.copy(this.#memory, at);
    const memory = this.#memory;
    memory[end] = 10;
    let lines = this.#prove(at, end, columns.specs.length, 0, 0, 0);
    while (lines === unknown && this.#learn(columns)) {
      const left = (offset: number) => memory.readInt32LE(layout.scratch + offset);
      lines = this.#prove(left(0), end, columns.specs.length, left(4), left(8), left(12));
    }
    if (lines < 0) return undefined;
    const rewritten = columns.counters.some((counter) => counter !== undefined);
    return new Proved(rewritten ? Buffer.from(memory.subarray(at, end)) : block, lines);
  }

  #take(columns: ProofColumns): void {
    this.#columns = columns;
    for (const [at, spec] of columns.specs.entries()) this.#memory.writeInt32LE(spec, layout.columns + 4 * at);
    for (const [at, word] of columns.words.entries()) this.#memory.writeInt32LE(word, layout.words + 4 * at);
  }

  /** False when staff typed more numbers than the table holds. */
  #syncOriginals(): boolean {
    const { numberKeys } = this.#originals;
    if (numberKeys.length > layout.originalSlots / 2) return false;
    for (; this.#originalsKnown < numberKeys.length; this.#originalsKnown++) {
      const key = numberKeys[this.#originalsKnown] as bigint;
      const slot = this.#freeSlot(key, { from: layout.originals, slots: layout.originalSlots, bytes: 8 });
      this.#memory.writeBigInt64LE(key, slot);
    }
    return true;
  }

  /** Enters the counter at which the proof stopped. False when it has no short number, or the table is full. */
  #learn({ counters }: ProofColumns): boolean {
    const memory = this.#memory;
    const name = counters[memory.readInt32LE(4)];
    const value = Number(memory.readBigInt64LE(16));
    if (name === undefined || ++this.#countersKnown > layout.counterSlots / 2) return false;
    const number = this.#counters.of(name, value);
    if (!(number >= 0 && number < 2 ** 31)) return false;
    const key = BigInt(value) * 16n + BigInt(counterNames.indexOf(name) + 1);
    const slot = this.#freeSlot(key, { from: layout.counters, slots: layout.counterSlots, bytes: 16 });
    memory.writeBigInt64LE(key, slot);
    memory.writeInt32LE(number, slot + 8);
    memory.writeInt32LE(String(number).length, slot + 12);
    return true;
  }

  #freeSlot(key: bigint, { from, slots, bytes }: { from: number; slots: number; bytes: number }): number {
    const hash = BigInt.asUintN(64, key * hashFactor) >> BigInt(hashShift);
    for (let slot = Number(hash) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const place = from + slot * bytes;
      if (this.#memory.readBigInt64LE(place) === 0n) return place;
    }
  }
}
