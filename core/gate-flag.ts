/** The worker thread's side of the gate: it can look and wait, but not decide. */
export interface GateFlag {
  readonly isOpen: boolean;
  /** Waits, without using the CPU, until the gate is open. `onPark` and `onResume` frame an actual wait. */
  pass(): Promise<void>;
}

/** Attaches to `Gate.flag` inside a worker thread. */
export function attachGate(flag: SharedArrayBuffer, onPark: () => void, onResume: () => void): GateFlag {
  const view = new Int32Array(flag);
  return {
    get isOpen() {
      return Atomics.load(view, 0) === 0;
    },
    async pass() {
      if (Atomics.load(view, 0) === 0) return;
      onPark();
      while (Atomics.load(view, 0) === 1) await Atomics.waitAsync(view, 0, 1).value;
      onResume();
    },
  };
}

/** What a reader or builder calls between chunks: resolves when it may go on, rejects when it must stop. */
export type Checkpoint = () => Promise<void>;

/** A checkpoint that never waits: for a command that a person runs by hand, and for tests. */
export const passAlways: Checkpoint = async () => {};
