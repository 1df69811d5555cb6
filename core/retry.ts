import type { Clock } from './clock.ts';

/** How long to wait before try number `attempt` (the first repetition is 1). Milliseconds. */
export type Delay = (attempt: number) => number;

/**
 * Exponential back-off with full jitter: uniformly between half and the whole of `baseMs` × 2^(attempt−1), at most
 * `ceilingMs`. Jitter keeps a fleet from coming back in step after an outage.
 */
export function backoff(baseMs: number, ceilingMs: number, random: () => number = Math.random): Delay {
  return (attempt) => {
    const whole = Math.min(ceilingMs, baseMs * 2 ** Math.min(attempt - 1, 30));
    return whole / 2 + (random() * whole) / 2;
  };
}

/**
 * Runs `step` until it succeeds, an error is not `retryable`, or `signal` aborts. The attempt number belongs to the
 * call, so a success starts the next call afresh. Rejects with the last error, or with the signal's reason.
 */
export async function retry<T>(
  step: (attempt: number) => Promise<T>,
  policy: {
    readonly delay: Delay;
    readonly retryable: (error: unknown) => boolean;
    readonly clock: Clock;
    readonly signal?: AbortSignal;
    readonly onRetry?: (error: unknown, attempt: number, waitMs: number) => void;
  },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    policy.signal?.throwIfAborted();
    try {
      return await step(attempt);
    } catch (error) {
      if (policy.signal?.aborted || !policy.retryable(error)) throw error;
      const waitMs = policy.delay(attempt);
      policy.onRetry?.(error, attempt, waitMs);
      await policy.clock.sleep(waitMs, policy.signal);
    }
  }
}

/**
 * Rejects with `TimeoutError` when `work` takes longer than `ms`: a deadline for libraries that have none. The work
 * itself is not stopped; the caller drops whatever it belongs to.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`${what} did not finish within ${ms} ms`);
      error.name = 'TimeoutError';
      reject(error);
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
