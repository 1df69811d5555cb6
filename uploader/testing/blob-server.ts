import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { sha256 } from '../../core/digest.ts';
import type { Credential } from '../../hub/testing/certificates.ts';

export type BlobRequest = 'block' | 'commit' | 'list' | 'head';

/**
 * What goes wrong with one request: an answer, a cut after so many bytes, work that begins so late, silence, silence from now on over every
 * connection that is open (deaf), or work done whose answer is lost.
 */
export type Fault =
  | { readonly status: number; readonly code: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly cutAfterBytes: number }
  | { readonly lateMs: number }
  | 'silence'
  | 'deaf'
  | 'answer-lost'
  | 'forget-blocks';

interface StoredBlob {
  readonly content: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A small block-blob endpoint over real TLS whose faults a test chooses, request by request. */
export class BlobServer {
  readonly blobs = new Map<string, StoredBlob>();
  /** Every block that was staged: id and size, in order. */
  readonly staged: { readonly id: string; readonly bytes: number }[] = [];
  readonly requests: BlobRequest[] = [];
  /** Body bytes that arrived, whole blocks or not. */
  receivedBytes = 0;
  /** Of them, those of bodies that are not complete yet. */
  inFlightBytes = 0;
  brokenRequests = 0;
  /** Requests that came over a connection which had gone deaf. */
  unheardRequests = 0;
  bytesPerSecond = Number.POSITIVE_INFINITY;
  isTicketGood: (signature: string) => boolean = () => true;
  #faults: { readonly on: BlobRequest; readonly nth: number; readonly fault: Fault }[] = [];
  readonly #counts: Record<BlobRequest, number> = { block: 0, commit: 0, list: 0, head: 0 };
  readonly #uncommitted = new Map<string, Map<string, Buffer>>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Below TLS: also those whose handshake never ends. */
  readonly #raw = new Set<Socket>();
  readonly #deaf = new WeakSet<Socket>();

  constructor({ certPem, keyPem }: Credential) {
    this.#server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#raw.add(socket);
      socket.once('close', () => this.#raw.delete(socket));
    });
    this.#server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#raw) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The `nth` request of a kind from now on (1: the next) fails so. */
  failNext(on: BlobRequest, fault: Fault, nth = 1): void {
    this.#faults.push({ on, nth: this.#counts[on] + nth, fault });
  }

  digestOf(name: string): string {
    return sha256(this.blobs.get(name)?.content ?? '');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'https://localhost');
    const name = url.pathname.split('/').slice(2).join('/');
    const kind = kindOf(request.method, url.searchParams.get('comp'));
    this.requests.push(kind);
    this.#counts[kind] += 1;
    const fault = this.#faults.find(({ on, nth }) => on === kind && nth === this.#counts[kind])?.fault;
    if (!this.isTicketGood(url.searchParams.get('sig') ?? '')) return refuse(response, 403, 'AuthenticationFailed');
    if (fault === 'forget-blocks') this.#uncommitted.delete(name);
    const body = await this.#read(request, fault);
    if (fault === 'deaf') for (const socket of this.#sockets) this.#deaf.add(socket);
    if (this.#deaf.has(request.socket)) this.unheardRequests += 1;
    if (fault === 'silence' || this.#deaf.has(request.socket)) return;
    if (typeof fault === 'object' && 'lateMs' in fault) await after(fault.lateMs);
    if (typeof fault === 'object' && 'status' in fault) {
      return refuse(response, fault.status, fault.code, fault.headers);
    }
    if (kind === 'block') this.#stage(name, url.searchParams.get('blockid') ?? '', body);
    const answered = kind === 'commit' && !this.#commit(name, body.toString(), request.headers);
    if (answered) return refuse(response, 400, 'InvalidBlockList');
    if (fault === 'answer-lost') {
      request.socket.destroy();
      return;
    }
    this.#answer(kind, name, response);
  }

  async #read(request: IncomingMessage, fault: Fault | undefined): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const piece of request as AsyncIterable<Buffer>) {
        pieces.push(piece);
        bytes += piece.length;
        this.receivedBytes += piece.length;
        this.inFlightBytes += piece.length;
        if (typeof fault === 'object' && 'cutAfterBytes' in fault && bytes >= fault.cutAfterBytes) {
          request.socket.destroy();
        }
        if (Number.isFinite(this.bytesPerSecond)) await after((piece.length / this.bytesPerSecond) * 1000);
      }
    } catch (error) {
      this.brokenRequests += 1;
      throw error;
    } finally {
      this.inFlightBytes -= bytes;
    }
    return Buffer.concat(pieces);
  }

  #stage(name: string, id: string, body: Buffer): void {
    const blocks = this.#uncommitted.get(name) ?? new Map<string, Buffer>();
    this.#uncommitted.set(name, blocks.set(id, body));
    this.staged.push({ id, bytes: body.length });
  }

  #commit(name: string, xml: string, headers: IncomingMessage['headers']): boolean {
    const ids = [...xml.matchAll(/<Latest>([^<]+)<\/Latest>/g)].map((match) => match[1] ?? '');
    const waiting = this.#uncommitted.get(name);
    const content = ids.map((id) => waiting?.get(id));
    if (content.length === 0 || !content.every((block) => block !== undefined)) return false;
    const metadata = Object.entries(headers).filter(([key]) => key.startsWith('x-ms-meta-'));
    this.blobs.set(name, {
      content: Buffer.concat(content),
      metadata: Object.fromEntries(metadata.map(([key, value]) => [key, String(value)])),
    });
    this.#uncommitted.delete(name);
    return true;
  }

  #answer(kind: BlobRequest, name: string, response: ServerResponse): void {
    const blob = this.blobs.get(name);
    const waiting = this.#uncommitted.get(name);
    if (kind === 'block' || kind === 'commit') {
      response.writeHead(201, { ...common, 'content-length': 0 }).end();
    } else if (kind === 'head' && blob) {
      response.writeHead(200, { 'content-length': blob.content.length, ...blob.metadata, ...common }).end();
    } else if (kind === 'list' && (waiting || blob)) {
      response.writeHead(200, { ...common, 'content-type': 'application/xml' }).end(listOf(waiting ?? new Map()));
    } else {
      refuse(response, 404, 'BlobNotFound');
    }
  }
}

function listOf(waiting: ReadonlyMap<string, Buffer>): string {
  const blocks = [...waiting].map(([id, { length }]) => `<Block><Name>${id}</Name><Size>${length}</Size></Block>`);
  const list = `<UncommittedBlocks>${blocks.join('')}</UncommittedBlocks>`;
  return `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`;
}

const common = { 'x-ms-version': '2021-12-02', 'x-ms-request-id': 'test', etag: '"1"' };

function kindOf(method: string | undefined, comp: string | null): BlobRequest {
  if (method === 'HEAD') return 'head';
  if (comp === 'block') return 'block';
  return method === 'GET' ? 'list' : 'commit';
}

function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const xml = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>refused</Message></Error>`;
  response.writeHead(status, { ...common, ...headers, 'x-ms-error-code': code, 'content-type': 'application/xml' });
  response.end(response.req.method === 'HEAD' ? undefined : xml);
}
