import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const agentMain = `${root}agent/main.ts`;
export const cloudMain = `${root}cloud/main.ts`;

/** How `scripts/vestibule` starts Node. */
export const applianceFlags = ['--max-semi-space-size=2'];

/** What a finished command gave. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs a command line of the product (or any script) to its end; never throws for an exit code. */
export function command(script: string, ...args: readonly string[]): Promise<Finished> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NO_COLOR: '1' } };
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr, ms: performance.now() - startedMs });
    });
  });
}

/** A milestone as printed by a part of the product with `--json`. */
export interface Line {
  readonly event: string;
  readonly text: string;
  readonly at: string;
  readonly [detail: string]: unknown;
}

/** A long-running part of the product, started as its own process. */
export class Part {
  readonly #script: string;
  readonly #args: readonly string[];
  /** What the command line begins with: another program that runs it in a place of its own. */
  within: readonly string[] = [];
  readonly lines: Line[] = [];
  readonly errors: string[] = [];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(script: string, ...args: readonly string[]) {
    this.#script = script;
    this.#args = args;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#script} does not run`);
    return pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  start(env: Readonly<Record<string, string>> = {}): this {
    const flags = this.#script.endsWith('agent/main.ts') ? applianceFlags : [];
    const line = [...this.within, process.execPath, ...flags, this.#script, ...this.#args];
    const [program = '', ...args] = line;
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(JSON.parse(line) as Line));
    createInterface({ input: child.stderr }).on('line', (line) => this.errors.push(line));
    this.#ended = new Promise((resolve) => {
      child.once('close', () => {
        if (this.#child === child) this.#child = undefined;
        resolve();
      });
    });
    return this;
  }

  /** Waits for a milestone among those printed since `from` (an index into `lines`). */
  said(event: string, withinMs = 60_000, from = 0): Promise<Line> {
    return until(
      () => {
        const found = this.lines.slice(from).find((line) => line.event === event);
        if (!found && !this.isRunning) throw new Error(`ended before "${event}": ${this.errors.slice(-5).join('\n')}`);
        return found;
      },
      `"${event}" of ${this.#args.join(' ')} (stderr: ${this.errors.slice(-5).join(' | ')})`,
      withinMs,
      20,
    );
  }

  /** Stops it where it is, until `thaw`. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill9(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM; resolves when it has drained. */
  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM');
    await this.#ended;
  }
}
