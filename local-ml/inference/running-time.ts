/** A deadline that stands still: only the time in between `go` and `stand` counts. Begins going. */
export class RunningTime {
  readonly #onOver: () => void;
  #leftMs: number;
  #since = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number, onOver: () => void) {
    this.#leftMs = limitMs;
    this.#onOver = onOver;
    this.go();
  }

  go(): void {
    if (this.#timer) return;
    this.#since = performance.now();
    this.#timer = setTimeout(this.#onOver, this.#leftMs);
  }

  stand(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#since));
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs = 0;
  }
}
