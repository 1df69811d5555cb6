/** The worker thread's side of the gate: it can look and wait, but not decide. */
export interface GateFlag {
  readonly isOpen: boolean;
  /** Waits, without using the CPU, until the gate is open; `beforeWaiting` as of a checkpoint. */
  pass(beforeWaiting?: () => Promise<void>): Promise<void>;
}

/** What a value of the shared number means; see `core/gate.ts`. */
export function isOpenAt(changes: number): boolean {
  return changes % 2 === 0;
}

/**
 * Attaches to `Gate.flag` inside a worker thread. `onPark` is called before each wait with the number of changes seen,
 * again when the gate opened and closed before the thread woke: the daemon forgets at every opening who was parked.
 */
export function attachGate(flag: SharedArrayBuffer, onPark: (changes: number) => void): GateFlag {
  const view = new Int32Array(flag);
  return {
    get isOpen() {
      return isOpenAt(Atomics.load(view, 0));
    },
    async pass(beforeWaiting) {
      for (let changes = Atomics.load(view, 0); !isOpenAt(changes); changes = Atomics.load(view, 0)) {
        await beforeWaiting?.();
        onPark(changes);
        await Atomics.waitAsync(view, 0, changes).value;
      }
    },
  };
}

/**
 * What a reader or builder calls between chunks: resolves when it may go on, rejects when it must stop. Where it has to
 * wait, `beforeWaiting` is awaited first: it ends what would not stand still by itself.
 */
export type Checkpoint = (beforeWaiting?: () => Promise<void>) => Promise<void>;

/** A checkpoint that never waits: for a command that a person runs by hand, and for tests. */
export const passAlways: Checkpoint = async () => {};
