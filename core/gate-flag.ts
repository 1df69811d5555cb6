/** The worker thread's side of the gate: it can look and wait, but not decide. */
export interface GateFlag {
  readonly isOpen: boolean;
  /** Waits, without using the CPU, until the gate is open; `beforeWaiting` as of a checkpoint. */
  pass(beforeWaiting?: () => Promise<void>): Promise<void>;
  /** The same for what cannot await: the whole thread is blocked meanwhile. */
  standStill(beforeWaiting?: () => void): void;
  /** Rests so many milliseconds at an open gate; less when it closes. */
  nap(ms: number): Promise<void>;
}

/** What a value of the shared number means; see `core/gate.ts`. */
export function isOpenAt(changes: number): boolean {
  return changes % 2 === 0;
}

/** Milliseconds, and parts of them, of the monotonic clock that all threads and processes of this machine share. */
export function sharedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
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
    standStill(beforeWaiting) {
      for (let changes = Atomics.load(view, 0); !isOpenAt(changes); changes = Atomics.load(view, 0)) {
        beforeWaiting?.();
        onPark(changes);
        Atomics.wait(view, 0, changes);
      }
    },
    async nap(ms) {
      const changes = Atomics.load(view, 0);
      if (isOpenAt(changes)) await Atomics.waitAsync(view, 0, changes, ms).value;
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
