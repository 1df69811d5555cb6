import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { FrameMeter } from './frames.ts';
import { maxConnectBytes, maxFrameBytes } from './limits.ts';

/** How long a closed connection may take to send what it still has. */
const flushTimeoutMs = 5000;

/**
 * A TLS socket as the broker sees it: the same bytes, but cut at the first frame that is longer than any the wire
 * allows. The broker itself would buffer up to 256 MB for a peer that has not even said who it is.
 */
export class Connection extends Duplex {
  readonly socket: TLSSocket;
  readonly #meter = new FrameMeter({ maxFirstBytes: maxConnectBytes, maxBytes: maxFrameBytes });
  readonly #onOversize: () => void;

  constructor(socket: TLSSocket, onOversize: () => void) {
    super();
    this.socket = socket;
    this.#onOversize = onOversize;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    socket.pause();
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, encoding, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.socket.write(
      Buffer.concat(chunks.map(({ chunk, encoding }) => Buffer.from(chunk as unknown as string, encoding))),
      done,
    );
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error) {
      this.socket.destroy();
    } else {
      // What was written last may be the CONNACK that says why: it goes out before the socket does.
      this.socket.setTimeout(flushTimeoutMs, () => this.socket.destroy());
      this.socket.destroySoon();
    }
    done(error);
  }

  #receive(chunk: Buffer): void {
    if (!this.#meter.accept(chunk)) {
      this.#onOversize();
      this.destroy();
    } else if (!this.push(chunk)) {
      this.socket.pause();
    }
  }
}
