/** So many tries are on their way at a time. */
const mostAtATime = 24;

export interface OverlapOrder<T> {
  /** Ends by itself, and at once when the signal aborts. */
  readonly attempt: (signal: AbortSignal) => Promise<T>;
  /** Between the beginnings of two tries, while none has an answer. */
  readonly pause: (signal: AbortSignal) => Promise<unknown>;
  /** A try failed: true goes on with others, false rejects with this error. */
  readonly mayGoOn: (error: unknown) => boolean;
  /** Gives back what a try brought too late. */
  readonly dispose: (value: T) => void;
}

/** What the first success brought, and how many older tries were without an answer then. */
export interface Overlapped<T> {
  readonly value: T;
  readonly unanswered: number;
}

/**
 * Tries again and again, each try beside those that have no answer yet, until one succeeds. For lines that swallow what
 * is sent: the answer to a lost packet never comes, so who waits for it learns late that the line works again.
 */
export async function overlapping<T>(order: OverlapOrder<T>, signal: AbortSignal): Promise<Overlapped<T>> {
  signal.throwIfAborted();
  const over = new AbortController();
  const any = AbortSignal.any([signal, over.signal]);
  const outcome = Promise.withResolvers<Overlapped<T>>();
  const onAbort = () => outcome.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  begin(order, outcome, any).catch(outcome.reject);
  try {
    return await outcome.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    over.abort(new Error('another try had an answer'));
  }
}

async function begin<T>(
  { attempt, pause, mayGoOn, dispose }: OverlapOrder<T>,
  outcome: PromiseWithResolvers<Overlapped<T>>,
  signal: AbortSignal,
): Promise<void> {
  const pending = new Set<number>();
  let ended = Promise.withResolvers<void>();
  const one = async (n: number) => {
    pending.add(n);
    try {
      const value = await attempt(signal);
      if (signal.aborted) return dispose(value);
      outcome.resolve({ value, unanswered: [...pending].filter((other) => other < n).length });
      // Whoever succeeds in the same turn comes too late.
      outcome.promise.then((first) => first.value === value || dispose(value)).catch(() => dispose(value));
    } catch (error) {
      if (!signal.aborted && !mayGoOn(error)) outcome.reject(error);
    } finally {
      pending.delete(n);
      ended.resolve();
    }
  };
  for (let n = 0; !signal.aborted; n++) {
    while (pending.size >= mostAtATime) {
      ended = Promise.withResolvers<void>();
      await ended.promise;
    }
    void one(n);
    await pause(signal);
  }
}
