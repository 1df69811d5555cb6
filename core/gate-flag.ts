/** The worker thread's side of the gate: it can look and wait, but not decide. */
export interface GateFlag {
  readonly isOpen: boolean;
  /** Waits, without using the CPU, until the gate is open. */
  pass(): Promise<void>;
}

/**
 * Attaches to `Gate.flag` inside a worker thread. `onPark` is called before each wait, again when the gate opened and
 * closed before the thread woke: the daemon forgets at every opening who was parked.
 */
export function attachGate(flag: SharedArrayBuffer, onPark: () => void): GateFlag {
  const view = new Int32Array(flag);
  return {
    get isOpen() {
      return Atomics.load(view, 0) === 0;
    },
    async pass() {
      while (Atomics.load(view, 0) === 1) {
        onPark();
        await Atomics.waitAsync(view, 0, 1).value;
      }
    },
  };
}

/** What a reader or builder calls between chunks: resolves when it may go on, rejects when it must stop. */
export type Checkpoint = () => Promise<void>;

/** A checkpoint that never waits: for a command that a person runs by hand, and for tests. */
export const passAlways: Checkpoint = async () => {};
