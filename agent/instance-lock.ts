import { statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { codeOf, GatewayError } from '../core/errors.ts';

export class InstanceError extends GatewayError<'ALREADY_RUNNING'> {}

/**
 * One daemon per data folder. The lock is a socket in Linux's abstract namespace, named by the folder's device and
 * inode: the kernel takes it back when the process dies, so nothing is ever left over that a person must remove.
 */
export class InstanceLock {
  readonly #folder: string;
  readonly #server: Server = createServer((socket) => socket.destroy());

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', (error) => reject(codeOf(error) === 'EADDRINUSE' ? alreadyRunning(error) : error));
    this.#server.listen(nameOf(this.#folder), resolve);
    this.#server.unref();
    await promise;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Whether a daemon lives on a data folder, even one that is stopped or does not answer. */
export function isInstanceRunning(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(nameOf(folder));
    socket.on('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED'));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function nameOf(folder: string): string {
  const { dev, ino } = statSync(folder);
  return `\0vestibule-appliance-${dev}-${ino}`;
}

function alreadyRunning(cause: unknown): InstanceError {
  return new InstanceError('ALREADY_RUNNING', 'an appliance already runs on this data folder', {
    hint: 'See `vestibule status`; stop that one first.',
    cause,
  });
}
