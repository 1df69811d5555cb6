import { isOpenAt } from './gate-flag.ts';

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
  readonly #shared = new Int32Array(new SharedArrayBuffer(4));
  readonly #work = new Set<Work>();
  #opened = Promise.withResolvers<void>();
  #closed = new AbortController();
  #quietWaiters: (() => void)[] = [];

  constructor() {
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

  /** Registers a running piece of work. The caller parks it around waits and ends it when done. */
  work(name: string): Work {
    const work = new Work(name, this, (ended) => {
      if (ended) this.#work.delete(work);
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

/** One registered piece of work. */
export class Work {
  readonly #gate: Gate;
  readonly #changed: (ended: boolean) => void;
  #name: string;
  #parked = false;

  constructor(name: string, gate: Gate, changed: (ended: boolean) => void) {
    this.#name = name;
    this.#gate = gate;
    this.#changed = changed;
  }

  get name(): string {
    return this.#name;
  }

  get parked(): boolean {
    return this.#parked;
  }

  /** Names the step that the work is in, until the returned handle is disposed. */
  step(name: string): Disposable {
    const before = this.#name;
    this.#name = name;
    return {
      [Symbol.dispose]: () => {
        this.#name = before;
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
   * Says that the work now waits at the gate. For a worker thread the daemon says it on its behalf, with the `changes`
   * that the thread saw: its word may be older than an opening through which it went on.
   */
  park(changes = this.#gate.changes): void {
    if (isOpenAt(changes) || changes !== this.#gate.changes) return;
    this.#parked = true;
    this.#changed(false);
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
