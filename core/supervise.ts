import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock } from './clock.ts';
import { backoff } from './retry.ts';

/** A process that is kept running. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Deps {
  readonly clock: Clock;
  /** Each line that a program writes on stdout. */
  readonly onLine: (program: string, line: string) => void;
  readonly onErrorLine: (program: string, line: string) => void;
  /** A program ended by itself and will be started again. */
  readonly onRestart: (program: string, how: string, inMs: number) => void;
}

/** A program that ran at least this long starts its back-off afresh. */
const steadyMs = 10_000;

/**
 * Keeps programs running in the foreground, as an init system would: one that ends by itself is started again with
 * back-off. They get no signal from the terminal (own process group); `stop` asks them, `kill` does not. Their stdin is
 * a pipe that ends with this process: `runUntilSignalled` drains then, so a killed supervisor leaves no orphans.
 */
export class Supervisor {
  readonly #deps: Deps;
  readonly #children = new Map<string, ChildProcess>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(program: Program): void {
    this.#running.push(this.#keep(program));
  }

  /** Process ids by name, for those that run now. */
  get pids(): Readonly<Record<string, number>> {
    const entries = [...this.#children].map(([name, child]) => [name, child.pid ?? 0] as const);
    return Object.fromEntries(entries);
  }

  /** Asks every program to drain and resolves when all have ended. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    await Promise.all(this.#running);
  }

  /** Cuts the waiting short. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    this.#stopping.abort();
    for (const child of this.#children.values()) child.kill(signal);
  }

  async #keep(program: Program): Promise<void> {
    const delay = backoff(500, 15_000);
    for (let failures = 1; !this.#stopping.signal.aborted; failures++) {
      const startedMs = this.#deps.clock.monotonicMs();
      const how = await this.#runOnce(program);
      if (this.#stopping.signal.aborted) return;
      if (this.#deps.clock.monotonicMs() - startedMs > steadyMs) failures = 1;
      const waitMs = Math.round(delay(failures));
      this.#deps.onRestart(program.name, how, waitMs);
      await this.#deps.clock.sleep(waitMs, this.#stopping.signal).catch(() => {});
    }
  }

  async #runOnce(program: Program): Promise<string> {
    const child = spawn(program.command, [...program.args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...program.env, VESTIBULE_SUPERVISED: '1' },
    });
    this.#children.set(program.name, child);
    const { promise, resolve } = Promise.withResolvers<string>();
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.#deps.onLine(program.name, line));
    if (child.stderr) createInterface(child.stderr).on('line', (line) => this.#deps.onErrorLine(program.name, line));
    const how = await promise;
    this.#children.delete(program.name);
    return how;
  }
}
