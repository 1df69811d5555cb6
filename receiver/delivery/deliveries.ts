import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import { describe, type Log } from '../../core/log.ts';
import { backoff, type Delay } from '../../core/retry.ts';
import { type Acknowledgement, acknowledgeMethod, acknowledgementSchema } from '../../protocol/receipt.ts';
import { Bell } from '../bell.ts';
import type { Answer, Catalogue } from '../catalogue/catalogue.ts';
import type { DeviceChannel } from '../channel/channel.ts';

export interface DeliveriesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly channel: DeviceChannel;
  readonly retryFirstMs: number;
  readonly retryCeilingMs: number;
}

/** One call that is under way. */
interface Call {
  readonly sinceMs: number;
  readonly giveUp: AbortController;
}

interface Try {
  readonly failures: number;
  /** Monotonic. */
  readonly dueAtMs: number;
}

const longestMs = 60_000;
/** A call this old, to a device that has just sent something, went to a connection that is gone. */
const staleMs = 2_000;
/** After so many tries an answer that the device declines is put aside until it asks again. */
const declineAfter = 5;

/**
 * Tells devices what became of their batches. An answer stays undelivered in the catalogue until the device has said
 * that it has it: tried at once, again when an event of the device shows that it is there, and in between with a
 * back-off. A device that is offline or slow keeps no other waiting.
 */
export class Deliveries {
  readonly #deps: DeliveriesDeps;
  readonly #delay: Delay;
  readonly #bell = new Bell();
  readonly #tries = new Map<string, Try>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #calls = new Map<string, Call>();

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps;
    this.#delay = backoff(deps.retryFirstMs, deps.retryCeilingMs);
  }

  /** The device has an answer to hear, or has just shown that it can be reached. */
  wake(deviceId: string): void {
    this.#tries.set(deviceId, { failures: 0, dueAtMs: 0 });
    const call = this.#calls.get(deviceId);
    if (call && this.#deps.clock.monotonicMs() - call.sinceMs >= staleMs) call.giveUp.abort();
    this.#bell.ring();
  }

  /** Runs until `signal` aborts and what was under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    await this.#recall(signal);
    while (!signal.aborted) {
      for (const deviceId of this.#due()) {
        const telling = this.#tell(deviceId, signal).catch((error) => {
          log.error({ deviceId, error: describe(error) }, 'the answers of a device could not be read');
          this.#later(deviceId, this.#tries.get(deviceId));
        });
        this.#busy.set(
          deviceId,
          telling.finally(() => this.#free(deviceId)),
        );
      }
      await this.#bell.wait(this.#idleMs(), clock, signal);
    }
    await Promise.all(this.#busy.values());
  }

  /** What was not told before the last stop. */
  async #recall(signal: AbortSignal): Promise<void> {
    const { catalogue, clock, log } = this.#deps;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        for (const deviceId of await catalogue.devicesToTell()) this.wake(deviceId);
        return;
      } catch (error) {
        log.error({ error: describe(error) }, 'undelivered answers could not be read');
        await clock.sleep(this.#delay(failures), signal).catch(() => undefined);
      }
    }
  }

  /** Tells a device everything it has to hear, oldest first: receipts are a chain. */
  async #tell(deviceId: string, signal: AbortSignal): Promise<void> {
    const before = this.#tries.get(deviceId);
    const { catalogue } = this.#deps;
    for (
      let some = await catalogue.answersFor(deviceId);
      some.length > 0;
      some = await catalogue.answersFor(deviceId)
    ) {
      for (const answer of some) {
        if (signal.aborted) return;
        if (!(await this.#tellOne(answer, signal))) return this.#later(deviceId, before);
      }
    }
    if (this.#tries.get(deviceId) === before) this.#tries.delete(deviceId);
  }

  /** False when the device cannot be told now. */
  async #tellOne(answer: Answer, signal: AbortSignal): Promise<boolean> {
    const { catalogue, channel, clock, log } = this.#deps;
    const about = { deviceId: answer.deviceId, batch: answer.batch };
    try {
      const call = { method: acknowledgeMethod, payload: acknowledgementOf(answer) };
      const { status } = await this.#cuttable(answer.deviceId, signal, (cut) =>
        channel.invoke(answer.deviceId, call, cut),
      );
      if (status < 300) await catalogue.markDelivered(answer, clock.now());
      else if (!this.#mayDecline(answer.deviceId, status)) return false;
      else await catalogue.markDeclined(answer, status);
      log.info({ ...about, status, kind: answer.content.kind }, status < 300 ? 'answer delivered' : 'answer declined');
      return true;
    } catch (error) {
      if (!signal.aborted) log.info({ ...about, code: codeOf(error) ?? 'INTERNAL' }, 'answer not delivered yet');
      return false;
    }
  }

  /** A 5xx is a device in trouble. A 4xx may be a race with its own records, so it counts only when it stays. */
  #mayDecline(deviceId: string, status: number): boolean {
    return status < 500 && (this.#tries.get(deviceId)?.failures ?? 0) >= declineAfter;
  }

  async #cuttable<T>(deviceId: string, signal: AbortSignal, work: (cut: AbortSignal) => Promise<T>): Promise<T> {
    const giveUp = new AbortController();
    this.#calls.set(deviceId, { sinceMs: this.#deps.clock.monotonicMs(), giveUp });
    try {
      return await work(AbortSignal.any([signal, giveUp.signal]));
    } finally {
      this.#calls.delete(deviceId);
      // A combined signal that never aborts is kept for ever by its long-lived part.
      giveUp.abort();
    }
  }

  /** Postpones the next try, unless the device was woken since. */
  #later(deviceId: string, before: Try | undefined): void {
    if (this.#tries.get(deviceId) !== before) return;
    const failures = (before?.failures ?? 0) + 1;
    const dueAtMs = this.#deps.clock.monotonicMs() + this.#delay(failures);
    this.#tries.set(deviceId, { failures, dueAtMs });
  }

  #free(deviceId: string): void {
    this.#busy.delete(deviceId);
    this.#bell.ring();
  }

  #due(): readonly string[] {
    const now = this.#deps.clock.monotonicMs();
    return [...this.#tries].filter(([id, { dueAtMs }]) => dueAtMs <= now && !this.#busy.has(id)).map(([id]) => id);
  }

  #idleMs(): number {
    const now = this.#deps.clock.monotonicMs();
    const free = [...this.#tries].filter(([id]) => !this.#busy.has(id)).map(([, { dueAtMs }]) => dueAtMs - now);
    return Math.max(1, Math.min(longestMs, ...free));
  }
}

function acknowledgementOf({ batch, content }: Answer): Acknowledgement {
  if (content.kind === 'receipt') return acknowledgementSchema.parse({ receipt: content.jws });
  if (content.kind === 'certificate') return acknowledgementSchema.parse({ certificate: content.jws });
  const { code, message } = content;
  return acknowledgementSchema.parse({ refused: { batch, code, message: message.slice(0, 500) } });
}
