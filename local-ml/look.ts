let standStill: () => void = () => {};

/** In this thread `look` stands still while the gate is closed: the function blocks until it may go on. */
export function lookWith(gate: () => void): void {
  standStill = gate;
}

/**
 * A look at the gate from the middle of a computation, which cannot await: called every few milliseconds. Where nobody
 * said how to stand still (a test, a command that a person runs) it does nothing.
 */
export function look(): void {
  standStill();
}

/** The same from within a loop over many small steps: at every 512th. `step` counts them. */
export function glance(step: number): void {
  if ((step & 511) === 0) standStill();
}
