import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Clock } from '../../../core/clock.ts';
import { describe, type Log } from '../../../core/log.ts';
import type { EvidenceSource, Statement } from '../evidence.ts';
import { EventDecoder, type InputEvent, meaningOf } from './input-event.ts';

export interface ButtonSettings {
  /** `/dev/input/by-id/…-event-…`, a name that stays when the button is plugged in again. */
  readonly device: string;
  /** Code of the key that takes the room (linux/input-event-codes.h). */
  readonly key: number;
  /** Code of the key that releases it; without one, a long press of `key` does. */
  readonly releaseKey?: number;
  readonly longPressSeconds: number;
  /** How long a press holds the room, unless it is pressed again. */
  readonly forMinutes: number;
}

/** What a button may do with the room: take or renew its own lease, and release that. */
export interface ButtonLeases {
  renew(wish: { readonly holder: string; readonly reason: string; readonly forMs: number }): void;
  release(holder: string): void;
}

interface Deps {
  readonly settings: ButtonSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly leases: ButtonLeases;
  readonly onChange: () => void;
}

/** Under this name a button holds its lease; it can release no other. */
export const buttonHolder = 'button';
const retryMs = 5_000;

/**
 * A button beside the table. A press takes the room or renews it, at once and before anything else is known; only a
 * long press, or a second key, releases it. A button that is gone frees nobody, and a press that nobody would hear is
 * weak evidence of a procedure.
 */
export class ButtonSource implements EvidenceSource {
  readonly name = 'button';
  readonly #deps: Deps;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #reader: ChildProcess | undefined;
  #isHeard = false;
  #isFailing = false;
  #pressedMs: number | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#loop = this.#readOn();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#reader?.kill();
    await this.#loop;
  }

  statements(): readonly Statement[] {
    if (this.#isHeard) return [];
    const what = 'the button cannot be read, a press would not be heard';
    return [{ source: this.name, key: 'fault', says: 'maybe', sinceMs: this.#deps.clock.monotonicMs(), what }];
  }

  async #readOn(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#read();
      if (signal.aborted) return;
      this.#setHeard(false);
      await clock.sleep(retryMs, signal).catch(() => {});
    }
  }

  /**
   * Reads the device until it is gone. `cat` does it: reading a device blocks, and in this process it would take one of
   * the few threads that its disk needs, for ever. It opens the handle that proved here that the device is there.
   */
  async #read(): Promise<void> {
    const { settings, log } = this.#deps;
    const decoder = new EventDecoder();
    let handle: number | undefined;
    try {
      handle = openSync(settings.device, constants.O_RDONLY | constants.O_NONBLOCK);
      const reader = spawn('cat', ['/proc/self/fd/0'], { stdio: [handle, 'pipe', 'ignore'] });
      this.#reader = reader;
      reader.once('spawn', () => this.#setHeard(true));
      reader.stdout?.on('data', (chunk: Buffer) => {
        for (const event of decoder.push(chunk)) this.#hear(event);
      });
      await ended(reader);
    } catch (error) {
      if (!this.#isFailing) log.warn({ source: this.name, error: describe(error) }, 'button cannot be read');
      this.#isFailing = true;
    } finally {
      if (handle !== undefined) closeSync(handle);
    }
  }

  #setHeard(isHeard: boolean): void {
    if (isHeard) this.#isFailing = false;
    else if (this.#isHeard) this.#deps.log.warn({ source: this.name }, 'button is gone');
    this.#pressedMs = undefined;
    this.#isHeard = isHeard;
    this.#deps.onChange();
  }

  #hear(event: InputEvent): void {
    const { settings, clock, leases, log } = this.#deps;
    const nowMs = clock.monotonicMs();
    try {
      switch (meaningOf(event, settings)) {
        case 'pressed':
          this.#pressedMs = nowMs;
          this.#take();
          break;
        case 'lost':
          // A press may be among what was lost; a release is not guessed.
          this.#pressedMs = undefined;
          this.#take();
          break;
        case 'let go':
          if (settings.releaseKey === undefined && this.#heldMs(nowMs) >= settings.longPressSeconds * 1000) {
            leases.release(buttonHolder);
          }
          this.#pressedMs = undefined;
          break;
        case 'released':
          leases.release(buttonHolder);
          break;
        case 'nothing':
          break;
      }
    } catch (error) {
      log.error({ source: this.name, error: describe(error) }, 'a press was not written down');
    }
  }

  #take(): void {
    const { settings, leases } = this.#deps;
    leases.renew({ holder: buttonHolder, reason: 'pressed', forMs: settings.forMinutes * 60_000 });
  }

  #heldMs(nowMs: number): number {
    return this.#pressedMs === undefined ? 0 : nowMs - this.#pressedMs;
  }
}

/** Resolves when a process has ended and all that it wrote was heard; rejects when it could not be started. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}
