/** Where a measured value begins to count, and where it stops. */
export interface Thresholds {
  /** It begins at this value … */
  readonly high: number;
  /** … goes on while it is at least this … */
  readonly low: number;
  /** … and ends when it has been below for so long. */
  readonly holdMs: number;
}

/** A value that flickers around one threshold would open and close the gate all day; between two it makes one word. */
export class Hysteresis {
  readonly #thresholds: Thresholds;
  #affirmedMs: number | undefined;

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  /** Takes note of a value. */
  note(value: number, nowMs: number): void {
    const { high, low } = this.#thresholds;
    if (value >= (this.isOn(nowMs) ? low : high)) this.#affirmedMs = nowMs;
  }

  isOn(nowMs: number): boolean {
    return this.#affirmedMs !== undefined && nowMs - this.#affirmedMs < this.#thresholds.holdMs;
  }

  /** When the value was last high enough; undefined when it never was. */
  get affirmedMs(): number | undefined {
    return this.#affirmedMs;
  }
}
