import { spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from '../../core/errors.ts';
import type { PasswordSource } from '../intake-config.ts';
import { PasswordError } from './password-error.ts';

/** What a source may give, and how long a command may take for it. */
const maxBytes = 64 * 1024;
const maxLines = 256;
const commandMs = 10_000;

/**
 * The passwords of one source, a line each. Throws PASSWORD_SOURCE with what is wrong with it, in words that hold neither
 * a password nor a path. A command is killed, with all it started, when `signal` aborts.
 */
export async function passwordsOf(source: PasswordSource, signal: AbortSignal): Promise<readonly string[]> {
  const text = 'file' in source ? await readPrivate(source.file) : await outputOf(source.command, signal);
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length > maxLines) throw unusable(`it has more than ${maxLines} lines`);
  return lines;
}

/** Throws PASSWORD_SOURCE unless a file is there and is for the service alone. */
export async function expectPrivate(path: string): Promise<void> {
  const file = await opened(path);
  await expectPrivateFile(file).finally(() => file.close());
}

async function readPrivate(path: string): Promise<string> {
  const file = await opened(path);
  try {
    await expectPrivateFile(file);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes + 1), 0, maxBytes + 1, 0);
    if (bytesRead > maxBytes) throw unusable(`it is larger than ${maxBytes} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw unusable(`the file cannot be opened (${codeOf(error) ?? 'unknown reason'})`);
  }
}

/** Looked at through the open handle: what is read is what was judged. */
async function expectPrivateFile(file: FileHandle): Promise<void> {
  const found = await file.stat();
  if (!found.isFile()) throw unusable('it is no plain file');
  if (found.uid !== 0 && found.uid !== process.getuid?.()) {
    throw unusable('the file belongs to somebody else', 'Give it to the user of the service, or to root.');
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw unusable(`the file is open to others (mode ${mode})`, 'Take their rights away: chmod 600.');
  }
}

/** No shell, no input, nothing of its errors kept; its end, its output and its time are bounded. */
function outputOf([command, ...args]: readonly [string, ...string[]], signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { PATH = '/usr/bin:/bin', HOME = '/', LANG = 'C.UTF-8' } = process.env;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: '/',
    env: { PATH, HOME, LANG },
    // A process group of its own, so that what it starts ends with it.
    detached: true,
  });
  const killAll = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  const giveUp = (error: unknown) => {
    killAll();
    reject(error);
  };
  const timer = setTimeout(() => giveUp(unusable(`the command took more than ${commandMs / 1000} s`)), commandMs);
  const onAbort = () => giveUp(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const pieces: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > maxBytes) giveUp(unusable(`the command printed more than ${maxBytes} bytes`));
  });
  child.once('error', (error) => reject(unusable(`the command cannot be run (${codeOf(error) ?? 'unknown reason'})`)));
  child.once('close', (code) => {
    if (code === 0) resolve(Buffer.concat(pieces).toString('utf8'));
    else reject(unusable(`the command ended with ${code === null ? 'a signal' : `exit code ${code}`}`));
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  });
}

function unusable(what: string, hint = 'See intake.passwords in docs/configuration.md.'): PasswordError {
  return new PasswordError('PASSWORD_SOURCE', `a source of passwords cannot be used: ${what}`, { hint });
}
