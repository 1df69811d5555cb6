import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { asError, codeOf } from '../../core/errors.ts';
import { describe, type Log } from '../../core/log.ts';
import type { HttpsApp } from '../rest/server.ts';
import { uploadContainer } from '../settings.ts';
import { BlobError } from './errors.ts';
import { getBlob, getBlockList } from './reads.ts';
import { readBlobName } from './request.ts';
import { type StorageAccount, verifySas } from './sas.ts';
import { type BlobRequest, deleteBlob, putBlob, putBlock, putBlockList, type WriteDeps } from './writes.ts';
import { writeError } from './xml.ts';

export interface BlobRouteDeps extends WriteDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly account: StorageAccount;
}

/** The version told to a client that names none. */
const defaultVersion = '2021-12-02';

/** What is left of a refused body is read away up to this size, so that the answer arrives; beyond it, hung up on. */
const maxDrainedBytes = 16 * 1024 * 1024;

/** The block-blob endpoint, path style: `/{account}/uploads/{blob}`. Register it in a scope of its own. */
export async function addBlobRoutes(app: HttpsApp, deps: BlobRouteDeps): Promise<void> {
  const prefix = `/${deps.account.name}/${uploadContainer}/`;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.setErrorHandler((error, request, reply) => sendBlobError(error, request, reply, deps.log));
  app.addHook('onRequest', async (request, reply) => {
    const version = request.headers['x-ms-version'];
    reply
      .header('x-ms-request-id', request.id)
      .header('x-ms-version', typeof version === 'string' && /^[\d-]{10}$/.test(version) ? version : defaultVersion)
      .header('date', deps.clock.now().toUTCString());
    const clientId = request.headers['x-ms-client-request-id'];
    if (typeof clientId === 'string' && clientId.length <= 1024) reply.header('x-ms-client-request-id', clientId);
  });
  const route = (method: string, handle: (blob: BlobRequest) => Promise<FastifyReply>) => {
    app.route({
      method,
      url: `${prefix}*`,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        const { name, query } = readBlobName(request.raw.url ?? '', prefix);
        const grant = verifySas(query, deps.account, name, deps.clock.now());
        return handle({ name, query, grant, request, reply });
      },
    });
  };
  route('PUT', (blob) => put(blob, deps));
  route('GET', (blob) => get(blob, deps));
  route('HEAD', (blob) => get(blob, deps));
  route('DELETE', (blob) => deleteBlob(blob, deps));
  app.all(`/${deps.account.name}/*`, async () => {
    throw new BlobError('ResourceNotFound');
  });
}

async function put(blob: BlobRequest, deps: WriteDeps): Promise<FastifyReply> {
  switch (blob.query.get('comp')) {
    case 'block':
      return putBlock(blob, deps);
    case 'blocklist':
      return putBlockList(blob, deps);
    case null:
      return putBlob(blob, deps);
    default:
      throw new BlobError('NotImplemented');
  }
}

async function get(blob: BlobRequest, { store }: WriteDeps): Promise<FastifyReply> {
  switch (blob.query.get('comp')) {
    case 'blocklist':
      return getBlockList(blob, store);
    case null:
      return getBlob(blob, store);
    default:
      throw new BlobError('NotImplemented');
  }
}

function sendBlobError(thrown: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const error = thrown instanceof BlobError ? thrown : new BlobError(foreignCode(thrown), { cause: thrown });
  if (request.raw.destroyed && !request.raw.complete) return;
  if (error.status >= 500 && error.code !== 'NotImplemented') {
    const cause = describe(asError(error.cause ?? error));
    log.error({ event: 'blob-request-failed', request: request.id, method: request.method, ...cause });
  }
  if (!request.raw.complete && Number(request.headers['content-length'] ?? 0) > maxDrainedBytes) {
    reply.header('connection', 'close');
  }
  void reply
    .code(error.status)
    .header('x-ms-error-code', error.code)
    .type('application/xml')
    .send(request.method === 'HEAD' ? undefined : writeError(error.code, error.message));
  request.raw.resume();
}

/** Fastify's own refusals and the hub's readiness, in Azure's words. */
function foreignCode(thrown: unknown): 'ServerBusy' | 'InternalError' {
  return codeOf(thrown) === 'STARTING' ? 'ServerBusy' : 'InternalError';
}
