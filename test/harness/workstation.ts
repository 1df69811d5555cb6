import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/**
 * Two network namespaces of a test's own with one cable between them: one in which a whole product runs, and one that is
 * the workstation. Undefined where the machine has none.
 */
export class Workstation {
  readonly #id = randomBytes(3).toString('hex');
  readonly #home = `vsw-${this.#id}-a`;
  readonly #other = `vsw-${this.#id}-w`;

  static create(): Workstation | undefined {
    const made = new Workstation();
    try {
      made.#make();
      return made;
    } catch {
      made.remove();
      return undefined;
    }
  }

  /** Runs the program of `workstation-day.ts` at home; resolves with what it printed. */
  day(): Promise<{ readonly day: number; readonly onPurpose: number }> {
    const program = new URL('./workstation-day.ts', import.meta.url).pathname;
    const args = ['netns', 'exec', this.#home, process.execPath, program, this.#other, 'a0', '192.0.2.7'];
    return new Promise((resolve, reject) =>
      execFile('ip', args, { timeout: 300_000 }, (error, stdout, stderr) => {
        if (error) reject(new Error(stderr, { cause: error }));
        else resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { day: number; onPurpose: number });
      }),
    );
  }

  remove(): void {
    for (const name of [this.#home, this.#other]) {
      try {
        ip('netns', 'del', name);
      } catch {
        // It was not made.
      }
    }
  }

  #make(): void {
    for (const name of [this.#home, this.#other]) {
      ip('netns', 'add', name);
      // The kernel’s own neighbour discovery would send packets by itself.
      ip('netns', 'exec', name, 'sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1');
    }
    ip('link', 'add', 'a0', 'netns', this.#home, 'type', 'veth', 'peer', 'w0', 'netns', this.#other);
    for (const [name, card, address] of [
      [this.#home, 'a0', '192.0.2.1/24'],
      [this.#other, 'w0', '192.0.2.7/24'],
    ] as const) {
      ip('-n', name, 'address', 'add', address, 'dev', card);
      for (const one of [card, 'lo']) ip('-n', name, 'link', 'set', one, 'up');
    }
  }
}
