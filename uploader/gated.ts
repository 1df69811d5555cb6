import type { Gate, Work } from '../core/gate.ts';

export interface GatedOptions {
  readonly gate: Gate;
  /** Under which the step is known to the gate. */
  readonly name: string;
  /** Stops waiting and cuts the step for good. */
  readonly signal: AbortSignal;
  /** Breaks off what is in flight, at once; the step then fails. Without it the step runs to its end. */
  readonly cut?: () => void;
}

/**
 * Runs a step while the gate is open. When the gate closes in the middle, the step is cut, and done again from its
 * start at the next opening. Rejects with the step's own failure, or when `signal` aborts.
 */
export async function gated<T>(options: GatedOptions, step: (work: Work) => Promise<T>): Promise<T> {
  const { gate, name, signal, cut } = options;
  using work = gate.work(name);
  for (;;) {
    await work.pass(signal);
    const open = gate.whileOpen;
    if (open.aborted) continue;
    const over = AbortSignal.any([open, signal]);
    if (cut) over.addEventListener('abort', cut, { once: true });
    try {
      return await step(work);
    } catch (error) {
      signal.throwIfAborted();
      if (!open.aborted) throw error;
    } finally {
      if (cut) over.removeEventListener('abort', cut);
    }
  }
}

/** Waits for `promise`, but no longer than until `signal` aborts; what becomes of it then is nobody's concern. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {});
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
