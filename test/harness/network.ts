import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Faults that a network of its own can have; each is undone by `heal`. */
export type NetworkFault = 'loss' | 'black-hole' | 'reset' | 'narrow' | 'link-down';

/**
 * Two network namespaces of this test's own with one cable between them: the appliance's, and the cloud's. The
 * machine's own network is not touched. `localhost` in the appliance's namespace is the cloud's address, so that one
 * server certificate serves all tests.
 */
export class Network {
  readonly #id = randomBytes(3).toString('hex');
  readonly #interface = `vst${this.#id}a`;

  /** Why there can be no such network on this machine; undefined when there can. */
  static get missing(): string | undefined {
    const probe = `vst${randomBytes(3).toString('hex')}p`;
    try {
      run('ip', 'netns', 'add', probe);
      run('ip', 'netns', 'exec', probe, 'nft', 'list', 'ruleset');
      run('ip', 'netns', 'exec', probe, 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'tbf', ...narrow);
      return undefined;
    } catch (error) {
      return `skipped: no network namespaces here (${String((error as Error).message).split('\n')[0]})`;
    } finally {
      quietly(() => run('ip', 'netns', 'del', probe));
    }
  }

  readonly appliance = `vst-${this.#id}-a`;
  readonly cloud = `vst-${this.#id}-c`;

  start(): this {
    const other = `vst${this.#id}c`;
    for (const name of [this.appliance, this.cloud]) run('ip', 'netns', 'add', name);
    run(
      'ip',
      'link',
      'add',
      this.#interface,
      'netns',
      this.appliance,
      'type',
      'veth',
      'peer',
      other,
      'netns',
      this.cloud,
    );
    for (const [name, card, address] of [
      [this.appliance, this.#interface, '10.213.77.1/30'],
      [this.cloud, other, '10.213.77.2/30'],
    ] as const) {
      run('ip', '-n', name, 'address', 'add', address, 'dev', card);
      run('ip', '-n', name, 'link', 'set', card, 'up');
      run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    }
    // `ip netns exec` lays this over /etc/hosts.
    mkdirSync(`/etc/netns/${this.appliance}`, { recursive: true });
    writeFileSync(`/etc/netns/${this.appliance}/hosts`, '10.213.77.2 localhost\n');
    this.#nft('add table inet fault');
    return this;
  }

  stop(): void {
    for (const name of [this.appliance, this.cloud]) quietly(() => run('ip', 'netns', 'del', name));
    rmSync(`/etc/netns/${this.appliance}`, { recursive: true, force: true });
  }

  /** What a command line has to begin with to run in one of the two. */
  static within(namespace: string): readonly string[] {
    return ['ip', 'netns', 'exec', namespace];
  }

  break(fault: NetworkFault): void {
    if (fault === 'loss') this.#rule('numgen random mod 100 < 15 drop');
    if (fault === 'black-hole') this.#rule('drop');
    if (fault === 'reset') this.#rule('meta l4proto tcp reject with tcp reset');
    if (fault === 'narrow')
      run('tc', '-n', this.appliance, 'qdisc', 'add', 'dev', this.#interface, 'root', 'tbf', ...narrow);
    if (fault === 'link-down') run('ip', '-n', this.appliance, 'link', 'set', this.#interface, 'down');
  }

  heal(fault: NetworkFault): void {
    if (fault === 'narrow') run('tc', '-n', this.appliance, 'qdisc', 'del', 'dev', this.#interface, 'root');
    else if (fault === 'link-down') run('ip', '-n', this.appliance, 'link', 'set', this.#interface, 'up');
    else this.#nft('flush table inet fault');
  }

  /** Bytes that have come over the cable to the cloud, all headers with them; `pid`: of a process that runs there. */
  received(pid: number): number {
    const line = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
      .split('\n')
      .find((one) => one.includes(`vst${this.#id}c:`));
    return Number(line?.split(':')[1]?.trim().split(/\s+/)[0] ?? Number.NaN);
  }

  /** One rule for what comes in and what goes out over the cable. */
  #rule(what: string): void {
    for (const [hook, card] of [
      ['input', 'iifname'],
      ['output', 'oifname'],
    ] as const) {
      this.#nft(`add chain inet fault ${hook} { type filter hook ${hook} priority 0 ; }`);
      this.#nft(`add rule inet fault ${hook} ${card} ${this.#interface} ${what}`);
    }
  }

  #nft(line: string): void {
    run('ip', 'netns', 'exec', this.appliance, 'nft', line);
  }
}

/** 256 kbit/s. */
const narrow = ['rate', '256kbit', 'burst', '8kb', 'latency', '400ms'];

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // It was not there.
  }
}
