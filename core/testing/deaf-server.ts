import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const program = `
const server = require('node:tls').createServer({ cert: process.env.CERT, key: process.env.KEY }, (socket) => {
  socket.on('error', () => {});
  socket.write('hello');
});
server.on('tlsClientError', () => {});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));
`;

/**
 * A TLS server of which the kernel swallows first packets while it is `deaf`: it is stopped, and its queue of
 * connections that nobody has taken is full. Nothing is answered then, neither yes nor no.
 */
export class DeafServer {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #fillers: Socket[] = [];

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start({ certPem, keyPem }: { certPem: string; keyPem: string }): Promise<DeafServer> {
    const env = { ...process.env, CERT: certPem, KEY: keyPem };
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'], env });
    const port = await new Promise<number>((resolve) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', (line) => resolve(Number(line)));
    });
    return new DeafServer(child, port);
  }

  async deafen(): Promise<void> {
    this.#child.kill('SIGSTOP');
    for (let n = 0; n < 8; n++) this.#fillers.push(connect(this.port, '127.0.0.1').on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  /** It listens again; those that filled its queue are gone. */
  hear(): void {
    for (const filler of this.#fillers.splice(0)) filler.destroy();
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.hear();
    const gone = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }
}
