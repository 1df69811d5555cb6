import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Credential } from './certificates.ts';

/** A packet as it came: its type (the upper four bits), flags and content. */
export interface RawPacket {
  readonly type: number;
  readonly flags: number;
  readonly content: Buffer;
}

export const packetTypes = { connack: 2, publish: 3, puback: 4, suback: 9 } as const;

/** MQTT 3.1.1 written by hand, to send what no proper client sends. */
export class RawMqtt {
  readonly socket: TLSSocket;
  readonly received: RawPacket[] = [];
  #buffer = Buffer.alloc(0);
  readonly #waiting = new Set<() => void>();
  closed = false;

  static async open(port: number, ca: string, credential?: Credential): Promise<RawMqtt> {
    const own = credential ? { cert: credential.certPem, key: credential.keyPem } : {};
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...own });
    await once(socket, 'secureConnect');
    return new RawMqtt(socket);
  }

  constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#split();
      this.#wake();
    });
  }

  /** Sends a CONNECT; resolves with the return code of the CONNACK, or undefined when the connection closed first. */
  async connect(options: {
    readonly clientId: string;
    readonly userName: string;
    readonly clean?: boolean;
    readonly password?: string;
    readonly will?: { readonly topic: string; readonly body: string };
  }): Promise<number | undefined> {
    const { clientId, userName, clean = true, password, will } = options;
    const flags = 0x80 | (clean ? 2 : 0) | (password === undefined ? 0 : 0x40) | (will ? 4 : 0);
    const body = Buffer.concat([
      text('MQTT'),
      Buffer.from([4, flags, 0, 30]),
      text(clientId),
      ...(will ? [text(will.topic), text(will.body)] : []),
      text(userName),
      ...(password === undefined ? [] : [text(password)]),
    ]);
    this.socket.write(frame(1, 0, body));
    return (await this.next(packetTypes.connack))?.content[1];
  }

  publish(
    topic: string,
    body: string | Uint8Array,
    options: { qos?: number; retain?: boolean; id?: number } = {},
  ): void {
    const { qos = 0, retain = false, id = 1 } = options;
    const packetId = qos > 0 ? Buffer.from([id >> 8, id & 255]) : Buffer.alloc(0);
    const content = Buffer.concat([text(topic), packetId, typeof body === 'string' ? Buffer.from(body) : body]);
    this.socket.write(frame(3, (qos << 1) | (retain ? 1 : 0), content));
  }

  /** The granted QoS, 128 for a refusal. */
  async subscribe(filter: string, qos = 0): Promise<number | undefined> {
    this.socket.write(frame(8, 2, Buffer.concat([Buffer.from([0, 9]), text(filter), Buffer.from([qos])])));
    return (await this.next(packetTypes.suback))?.content[2];
  }

  /** The next packet of a type, in order of arrival; undefined when the connection closes or nothing comes. */
  async next(type: number, withinMs = 30_000): Promise<RawPacket | undefined> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const at = this.received.findIndex((packet) => packet.type === type);
      if (at >= 0) return this.received.splice(at, 1)[0];
      const leftMs = deadline - performance.now();
      if (this.closed || leftMs <= 0) return undefined;
      await this.#change(leftMs);
    }
  }

  /** True once the other side has closed. */
  async closes(withinMs = 30_000): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (!this.closed && performance.now() < deadline) await this.#change(deadline - performance.now());
    return this.closed;
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #change(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }

  #split(): void {
    for (;;) {
      const read = readLength(this.#buffer);
      if (!read || this.#buffer.length < read.start + read.length) return;
      const [first] = this.#buffer;
      const content = Buffer.from(this.#buffer.subarray(read.start, read.start + read.length));
      this.received.push({ type: Number(first) >> 4, flags: Number(first) & 15, content });
      this.#buffer = this.#buffer.subarray(read.start + read.length);
    }
  }
}

/** Topic and body of a PUBLISH of QoS 0. */
export function readPublish(packet: RawPacket): { readonly topic: string; readonly body: string } {
  const length = packet.content.readUInt16BE(0);
  return {
    topic: packet.content.subarray(2, 2 + length).toString(),
    body: packet.content.subarray(2 + length).toString(),
  };
}

export function frame(type: number, flags: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(type << 4) | flags, ...lengthBytes(body.length)]), body]);
}

export function lengthBytes(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

function readLength(buffer: Buffer): { readonly start: number; readonly length: number } | undefined {
  let length = 0;
  for (let at = 1; at < Math.min(5, buffer.length); at++) {
    const byte = buffer[at] as number;
    length += (byte & 127) * 128 ** (at - 1);
    if (byte < 128) return { start: at + 1, length };
  }
  return undefined;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}
