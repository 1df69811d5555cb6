import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { codeOf, GatewayError } from '../../core/errors.ts';
import { writeFileDurable } from '../../core/files.ts';
import type { Gate } from '../../core/gate.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import { backoff } from '../../core/retry.ts';
import type { Ledger } from '../../uploader/index.ts';
import { frame, syslogMessage } from './syslog-message.ts';

export class SyslogError extends GatewayError<'SYSLOG_UNREACHABLE'> {}

export interface SyslogDeps {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly target: { readonly host: string; readonly port: number; readonly ca: string };
  /** The appliance's name in each message. */
  readonly device: string;
  /** Remembers how far the copy is. */
  readonly stateFile: string;
  /** Written records count as copied once their connection has lived on for so long. */
  readonly settleMs?: number;
  readonly lookEveryMs?: number;
  readonly delay?: (attempt: number) => number;
}

const pageRecords = 100;
const stallMs = 30_000;

/**
 * Copies the audit log to a syslog server: RFC 5424 over TLS (RFC 5425). Recording never waits for it. Syslog has no
 * acknowledgement: a record counts as copied when its connection was still there a while after it was written, and after
 * a break everything later than that is sent again. So a record may come twice; it is lost only where the server took the
 * bytes and then lost them itself.
 */
export class SyslogCopy implements Service {
  readonly name = 'syslog';
  readonly #deps: SyslogDeps;
  readonly #stop = new AbortController();
  #copiedSeq: number;
  #running: Promise<void> | undefined;
  #isFailing = false;

  constructor(deps: SyslogDeps) {
    this.#deps = deps;
    this.#copiedSeq = readState(deps.stateFile);
  }

  /** Every record up to here is copied. */
  get copiedSeq(): number {
    return this.#copiedSeq;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#stop.signal]));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, delay = backoff(1_000, 300_000) } = this.#deps;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const before = this.#copiedSeq;
      try {
        await this.#untilBroken(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#isFailing) log.warn({ error: describe(error) }, 'audit log not copied to syslog, tried again');
        this.#isFailing = true;
        if (this.#copiedSeq > before) attempt = 1;
        await clock.sleep(delay(attempt), signal).catch(() => {});
      }
    }
  }

  /** One connection: sends what is new, page by page behind the gate, until it breaks. */
  async #untilBroken(signal: AbortSignal): Promise<void> {
    const { clock, settleMs = 5_000, lookEveryMs = 10_000 } = this.#deps;
    using line = await Line.open(this.#deps.target, signal);
    for (let sentSeq = this.#copiedSeq; ; ) {
      const sent = await this.#sendPage(line, sentSeq, signal);
      if (sent === undefined) {
        await Promise.race([clock.sleep(lookEveryMs, signal), line.broken]);
        continue;
      }
      sentSeq = sent;
      await Promise.race([clock.sleep(settleMs, signal), line.broken]);
      // A busy process may be late for the timer, and the news that the line broke still be in the queue.
      await Promise.race([line.broken, new Promise((resolve) => setImmediate(() => setImmediate(resolve)))]);
      writeFileDurable(this.#deps.stateFile, `${sentSeq}\n`);
      this.#copiedSeq = sentSeq;
      this.#isFailing = false;
    }
  }

  /** Undefined when there was nothing to send; else the place of the last record that was written. */
  async #sendPage(line: Line, afterSeq: number, signal: AbortSignal): Promise<number | undefined> {
    const { ledger, gate, device } = this.#deps;
    if (ledger.read.audit.head.seq <= afterSeq) return undefined;
    using work = gate.work('syslog copy');
    await work.pass(signal);
    const rows = ledger.read.audit.page(afterSeq, pageRecords);
    await line.write(Buffer.concat(rows.map(({ record, hash }) => frame(syslogMessage(record, hash, device)))));
    return rows.at(-1)?.seq;
  }
}

/** A TLS connection that is only written to. */
class Line implements Disposable {
  readonly #socket: TLSSocket;
  /** Rejects when the connection is gone. */
  readonly broken: Promise<never>;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    this.broken = promise;
    socket.on('error', (error) => reject(unreachable(error)));
    // A server that ends its side hears nothing any more.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => reject(unreachable(undefined)));
    socket.resume();
  }

  static async open({ host, port, ca }: SyslogDeps['target'], signal: AbortSignal): Promise<Line> {
    const socket = connect({
      ...{ host, port, ca: readFileSync(ca), minVersion: 'TLSv1.2' },
      // An address is no server name (RFC 6066, 3); it is looked for in the certificate all the same.
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const line = new Line(socket);
    const onAbort = () => socket.destroy();
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', onAbort));
    socket.setTimeout(stallMs, () => socket.destroy());
    await Promise.race([new Promise<void>((resolve) => socket.once('secureConnect', resolve)), line.broken]);
    socket.setTimeout(0).setKeepAlive(true, stallMs);
    return line;
  }

  /** Resolves when the bytes are with the kernel. */
  async write(bytes: Buffer): Promise<void> {
    const written = new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
    this.#socket.setTimeout(stallMs);
    await Promise.race([written, this.broken]);
    this.#socket.setTimeout(0);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

function unreachable(cause: unknown): SyslogError {
  return new SyslogError('SYSLOG_UNREACHABLE', `the syslog server is not reached (${codeOf(cause) ?? 'closed'})`, {
    hint: 'Check audit.syslog in the site file: host, port, and the CA that signed the server’s certificate.',
    cause,
  });
}

function readState(path: string): number {
  try {
    const seq = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(seq) && seq >= 0 ? seq : 0;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
