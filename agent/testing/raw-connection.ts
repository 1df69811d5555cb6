import { connect, type Socket } from 'node:net';

/** A connection to a unix socket on which a test says what it likes. */
export class RawConnection {
  readonly socket: Socket;
  answer = '';
  readonly closed: Promise<string>;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.setEncoding('utf8').on('data', (text: string) => {
      this.answer += text;
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve(this.answer)));
  }

  say(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }
}
