import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BlobStore } from './blob-store.ts';
import { checkRead } from './conditions.ts';
import { BlobError } from './errors.ts';
import { type ByteRange, readRange } from './range.ts';
import { readConditions } from './request.ts';
import { requirePermission } from './sas.ts';
import type { Blob } from './tables.ts';
import type { BlobRequest } from './writes.ts';
import { writeBlockLists } from './xml.ts';

/** Largest range for which the service computes an MD5 on request. */
const maxRangeMd5Bytes = 4 * 1024 * 1024;

/** Get Blob and Get Blob Properties (HEAD): the whole blob or one range, streamed. */
export async function getBlob({ name, grant, request, reply }: BlobRequest, store: BlobStore) {
  requirePermission(grant, 'r');
  await store.inspect(name);
  const blob = store.find(name);
  if (!blob) throw new BlobError('BlobNotFound');
  if (checkRead(readConditions(request.headers), blob) === 'not-modified') {
    return reply.code(304).header('etag', blob.etag).send();
  }
  const isHead = request.method === 'HEAD';
  const range = isHead ? undefined : readRange(rangeHeader(request), blob.bytes);
  describeBlob(reply, blob, range).headers(grant.overrides);
  if (isHead) return reply.header('content-length', blob.bytes).send();
  const { start, end } = range ?? { start: 0, end: blob.bytes };
  const chain = store.chain(name);
  if (range && wantsMd5(request, range)) {
    reply.header('content-md5', await md5Of(store.files.read(chain, start, end)));
  }
  reply.code(range ? 206 : 200).header('content-length', end - start);
  return reply.send(Readable.from(store.files.read(chain, start, end), { objectMode: false }));
}

/** Get Block List: committed, uncommitted (what a resumed upload asks for) or both. */
export async function getBlockList({ name, query, grant, reply }: BlobRequest, store: BlobStore) {
  requirePermission(grant, 'r');
  const type = (query.get('blocklisttype') ?? 'committed').toLowerCase();
  if (!['committed', 'uncommitted', 'all'].includes(type)) throw new BlobError('InvalidQueryParameterValue');
  await store.inspect(name);
  const blob = store.find(name);
  const uncommitted = store.uncommittedBlocks(name);
  if (!blob && uncommitted.length === 0) throw new BlobError('BlobNotFound');
  if (blob) {
    reply
      .header('etag', blob.etag)
      .header('last-modified', blob.modifiedAt.toUTCString())
      .header('x-ms-blob-content-length', blob.bytes);
  }
  const xml = writeBlockLists({
    ...(type === 'uncommitted' ? {} : { committed: store.committedBlocks(name) }),
    ...(type === 'committed' ? {} : { uncommitted }),
  });
  return reply.type('application/xml').send(xml);
}

function describeBlob(reply: FastifyReply, blob: Blob, range: ByteRange | undefined): FastifyReply {
  const { 'content-md5': md5, ...headers } = blob.headers;
  for (const [name, value] of Object.entries(blob.metadata)) reply.header(`x-ms-meta-${name}`, value);
  if (md5 !== undefined) reply.header(range ? 'x-ms-blob-content-md5' : 'content-md5', md5);
  if (range) reply.header('content-range', `bytes ${range.start}-${range.end - 1}/${blob.bytes}`);
  return reply
    .headers(headers)
    .header('accept-ranges', 'bytes')
    .header('etag', blob.etag)
    .header('last-modified', blob.modifiedAt.toUTCString())
    .header('x-ms-creation-time', blob.createdAt.toUTCString())
    .header('x-ms-blob-type', 'BlockBlob')
    .header('x-ms-lease-status', 'unlocked')
    .header('x-ms-lease-state', 'available')
    .header('x-ms-server-encrypted', 'false');
}

function rangeHeader(request: FastifyRequest): string | undefined {
  const own = request.headers['x-ms-range'];
  return typeof own === 'string' ? own : request.headers.range;
}

function wantsMd5(request: FastifyRequest, range: ByteRange): boolean {
  if (request.headers['x-ms-range-get-content-md5'] !== 'true') return false;
  if (range.end - range.start > maxRangeMd5Bytes) throw new BlobError('InvalidHeaderValue');
  return true;
}

async function md5Of(pieces: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('md5');
  for await (const piece of pieces) hash.update(piece);
  return hash.digest('base64');
}
