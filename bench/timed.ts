import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a command needed from its start to its end, its children counted. */
export interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly stdout: string;
}

/** Runs a shell command, whose words `$1`, `$2` … are the arguments, and times it as bash does. */
export async function timed(command: string, ...args: readonly string[]): Promise<Timed> {
  const script = `set -e; TIMEFORMAT='%3R %3U %3S'; time { ${command}; }`;
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', ...args], { maxBuffer: 1 << 24 });
  const [seconds = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { seconds, cpuSeconds: user + system, stdout };
}
