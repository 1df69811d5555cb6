import { isOpenAt, sharedMs } from './gate-flag.ts';

/**
 * The gate that every piece of bulk work passes: open or closed, shared with worker threads through one flag.
 *
 * Work registers itself by name (`work`), so *quiet* is computed and not claimed: the gate is quiet when it is closed
 * and every registered piece is either finished or parked in `pass`. It starts closed.
 *
 * The shared Int32Array holds one number, which grows by one at every change: odd = closed, even = open. So a thread
 * that says it parked can say at which closing, and an old word is not taken for a new one.
 */
export class Gate {
  readonly #nowMs: () => number;
  readonly #shared = new Int32Array(new SharedArrayBuffer(4));
  readonly #work = new Set<Work>();
  #opened = Promise.withResolvers<void>();
  #closed = new AbortController();
  #quietWaiters: (() => void)[] = [];
  #still: Stillness = { sinceMs: Number.NEGATIVE_INFINITY };

  /** `nowMs`: the monotonic clock that all threads share, in milliseconds and their parts. */
  constructor(nowMs = sharedMs) {
    this.#nowMs = nowMs;
    Atomics.store(this.#shared, 0, 1);
    this.#closed.abort(new GateClosed());
  }

  get isOpen(): boolean {
    return isOpenAt(this.changes);
  }

  /** How often it changed, counted from 1: odd while it is closed. */
  get changes(): number {
    return Atomics.load(this.#shared, 0);
  }

  /** The flag for worker threads; see `core/gate-flag.ts`. */
  get flag(): SharedArrayBuffer {
    return this.#shared.buffer as SharedArrayBuffer;
  }

  /** Aborts when the gate closes: for work in flight that must be cut rather than finished. Fresh after each opening. */
  get whileOpen(): AbortSignal {
    return this.#closed.signal;
  }

  /** Undefined while the gate is open, or something runs. */
  get stillness(): Stillness | undefined {
    return this.isOpen || this.running.length > 0 ? undefined : this.#still;
  }

  open(): void {
    if (this.isOpen) return;
    this.#closed = new AbortController();
    for (const work of this.#work) work.unpark();
    Atomics.add(this.#shared, 0, 1);
    Atomics.notify(this.#shared, 0);
    this.#opened.resolve();
  }

  close(): void {
    if (!this.isOpen) return;
    Atomics.add(this.#shared, 0, 1);
    Atomics.notify(this.#shared, 0);
    this.#still = { sinceMs: this.#nowMs() };
    this.#opened = Promise.withResolvers<void>();
    this.#closed.abort(new GateClosed());
    this.#checkQuiet();
  }

  /** Waits until the gate is open. At the head of every step and between chunks. Rejects when `signal` aborts. */
  async pass(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    while (!this.isOpen) await this.nextOpening(signal);
  }

  /** Resolves at the next opening; the gate may have closed again when the caller gets to run. */
  async nextOpening(signal?: AbortSignal): Promise<void> {
    await untilAborted(this.#opened.promise, signal);
    signal?.throwIfAborted();
  }

  /** Registers a running piece of work. The caller parks it around waits and ends it when done. `detail`: as of a step. */
  work(name: string, detail?: () => string | undefined): Work {
    const work: Work = new Work({ name, detail }, this, (ended, atMs = this.#nowMs()) => {
      if (ended) this.#work.delete(work);
      if (atMs >= this.#still.sinceMs) this.#still = { sinceMs: atMs, last: work.name };
      this.#checkQuiet();
    });
    this.#work.add(work);
    return work;
  }

  /** Names of the work that is neither finished nor parked. */
  get running(): readonly string[] {
    return [...this.#work].filter((work) => !work.parked).map((work) => work.name);
  }

  /** Resolves with no names once nothing runs, or with the names still running after `withinMs`. */
  async quiet(withinMs: number): Promise<readonly string[]> {
    if (this.running.length === 0) return [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    this.#quietWaiters.push(resolve);
    await promise;
    clearTimeout(timer);
    this.#quietWaiters = this.#quietWaiters.filter((waiter) => waiter !== resolve);
    return this.running;
  }

  #checkQuiet(): void {
    if (this.running.length > 0) return;
    for (const resolve of this.#quietWaiters.splice(0)) resolve();
  }
}

interface Step {
  readonly name: string;
  readonly detail: (() => string | undefined) | undefined;
}

/** Nothing registered has run since then, on the monotonic clock; `last` stood still last, where anything ran. */
export interface Stillness {
  readonly sinceMs: number;
  readonly last?: string;
}

/** One registered piece of work. */
export class Work {
  readonly #gate: Gate;
  readonly #changed: (ended: boolean, atMs?: number) => void;
  #name: string;
  #detail: (() => string | undefined) | undefined;
  #parked = false;
  #answers = 0;

  constructor({ name, detail }: Step, gate: Gate, changed: (ended: boolean, atMs?: number) => void) {
    this.#name = name;
    this.#detail = detail;
    this.#gate = gate;
    this.#changed = changed;
  }

  get name(): string {
    const detail = this.#detail?.();
    return detail === undefined ? this.#name : `${this.#name} (${detail})`;
  }

  get parked(): boolean {
    return this.#parked || this.#answers > 0;
  }

  /** Names the step that the work is in, until the returned handle is disposed. `detail` adds what it is at right now. */
  step(name: string, detail?: () => string | undefined): Disposable {
    const before = [this.#name, this.#detail] as const;
    [this.#name, this.#detail] = [name, detail];
    return {
      [Symbol.dispose]: () => {
        [this.#name, this.#detail] = before;
      },
    };
  }

  /** A gate pass that counts as quiet while it waits. */
  async pass(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    while (!this.#gate.isOpen) {
      this.park();
      await this.#gate.nextOpening(signal);
    }
  }

  /**
   * Waits for a small answer from elsewhere. Nothing is done here until it comes, so that counts as quiet; what follows
   * passes the gate. Rejects as `answer` does, behind the gate too, or when `signal` aborts.
   */
  async answer<T>(answer: Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#answers++;
    this.#changed(false);
    try {
      return await answer;
    } finally {
      this.#answers--;
      await this.pass(signal);
    }
  }

  /**
   * Says that the work now waits at the gate. For a worker thread the daemon says it on its behalf, with the `changes`
   * that the thread saw, and when it stood still: its word may be older than an opening through which it went on.
   */
  park(changes = this.#gate.changes, atMs?: number): void {
    if (isOpenAt(changes) || changes !== this.#gate.changes) return;
    this.#parked = true;
    this.#changed(false, atMs);
  }

  /** Opening the gate does this for all work: from then on it may run at any moment. */
  unpark(): void {
    this.#parked = false;
  }

  end(): void {
    this.#changed(true);
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

/** Why in-flight work was cut: the gate closed. Not a failure; the work is done again when the gate opens. */
export class GateClosed extends Error {
  readonly code = 'GATE_CLOSED';

  constructor() {
    super('the gate closed: a procedure is active, or may be');
    this.name = 'GateClosed';
  }
}

function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
