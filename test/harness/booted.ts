import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { until } from './until.ts';

/** A folder or file of this machine, and where it stands inside. */
export interface Bind {
  readonly from: string;
  readonly to: string;
  readonly isWritable?: boolean;
}

/** Controllers that the container's systemd may set limits with; the machine's own groups are not touched. */
const controllers = ['cpu', 'cpuacct', 'blkio', 'pids'];

/**
 * A real systemd as the first process of a container: this machine's own system files, with whatever is written to them
 * kept in memory and forgotten at the end. It shares the network of this machine.
 */
export class Booted {
  readonly #nspawn: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #root: string;
  #initPid = 0;

  /** Why nothing can be booted here; undefined when something can. */
  static get missing(): string | undefined {
    if (process.getuid?.() !== 0) return 'skipped: a container needs root';
    // With control groups of version 2 alone, limits would be read elsewhere.
    if (!controllers.every((one) => existsSync(`/sys/fs/cgroup/${one}`))) return 'skipped: other control groups here';
    try {
      execFileSync('systemd-nspawn', ['--version'], { stdio: 'ignore' });
      return undefined;
    } catch (error) {
      return `skipped: no systemd-nspawn here (${codeOf(error)})`;
    }
  }

  private constructor(binds: readonly Bind[]) {
    this.#root = mkdtempSync(join(tmpdir(), 'vestibule-booted-'));
    const mounts = binds.map(({ from, to, isWritable }) => `--bind${isWritable ? '' : '-ro'}=${from}:${to}`);
    const options = ['--quiet', '--boot', '--register=no', '--keep-unit', '--link-journal=no', '--console=pipe'];
    const line = ['systemd-nspawn', `--directory=${this.#root}`, '--volatile=overlay', ...options, ...mounts];
    // In a mount namespace of its own, so that nothing is left mounted, whatever ends.
    const script = 'mount --bind / "$1" && shift && exec "$@"';
    const boot = [...line, 'systemd.unit=basic.target'];
    this.#nspawn = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', this.#root, ...boot], {
      stdio: 'ignore',
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '0' },
    });
    this.#ended = new Promise((resolve) => this.#nspawn.once('exit', () => resolve()));
  }

  static async start(binds: readonly Bind[]): Promise<Booted> {
    const booted = new Booted(binds);
    try {
      await until(async () => booted.#isRunning(), 'a booted system', 60_000);
      for (const one of controllers) booted.run('mount', '-o', 'remount,bind,rw', `/sys/fs/cgroup/${one}`);
      // It looks anew at what it may use.
      booted.run('systemctl', 'daemon-reexec');
      return booted;
    } catch (error) {
      await booted.stop();
      throw error;
    }
  }

  /** Its first process is the last child of nspawn: the one before it only prepares. */
  #isRunning(): boolean {
    const { pid } = this.#nspawn;
    this.#initPid = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').at(-1));
    if (!(this.#initPid > 0)) return false;
    // `degraded`: a service of this machine, which is not what is tested, did not start.
    const state = this.try('sh', '-c', 'systemctl is-system-running || true');
    return state === 'running' || state === 'degraded';
  }

  /** Runs a command inside; what it prints. */
  run(...command: readonly string[]): string {
    const inside = ['-t', String(this.#initPid), '-m', '-u', '-i', '-p', '-C', '--', ...command];
    return execFileSync('nsenter', inside, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  /** The same; undefined when it fails. */
  try(...command: readonly string[]): string | undefined {
    try {
      return this.run(...command);
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    this.#nspawn.kill('SIGTERM');
    const timer = setTimeout(() => this.#nspawn.kill('SIGKILL'), 20_000);
    await this.#ended;
    clearTimeout(timer);
    rmdirSync(this.#root);
  }
}
