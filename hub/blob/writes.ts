import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HubLimits } from '../settings.ts';
import type { BlobStore } from './blob-store.ts';
import { checkWrite } from './conditions.ts';
import { BlobError } from './errors.ts';
import { readBlockId, readConditions, readContentLength, readMd5, readProperties } from './request.ts';
import { type Grant, requirePermission } from './sas.ts';
import type { Blob } from './tables.ts';
import { maxCommittedBlocks, readBlockList } from './xml.ts';

/** A blob request whose token has verified. */
export interface BlobRequest {
  readonly name: string;
  readonly query: URLSearchParams;
  readonly grant: Grant;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface WriteDeps {
  readonly store: BlobStore;
  readonly limits: Pick<HubLimits, 'maxBlockBytes' | 'maxPutBlobBytes'>;
}

/** A block list of the most blocks with the longest ids. */
const maxListBytes = maxCommittedBlocks * 140;

/** Put Block: 201 once the block is on disk. */
export async function putBlock({ name, query, grant, request, reply }: BlobRequest, { store, limits }: WriteDeps) {
  requirePermission(grant, 'w', 'c');
  const blockId = readBlockId(query);
  if (readContentLength(request.headers, limits.maxBlockBytes) === 0) throw new BlobError('InvalidHeaderValue');
  const md5 = readMd5(request.headers, 'content-md5');
  const written = await store.files.write(request.raw, { maxBytes: limits.maxBlockBytes, md5 });
  await store.stage(name, blockId, written);
  return reply.code(201).header('content-md5', written.md5).header('x-ms-request-server-encrypted', 'false').send();
}

/** Put Block List: 201 once the blob is on disk. */
export async function putBlockList({ name, grant, request, reply }: BlobRequest, { store }: WriteDeps) {
  requirePermission(grant, 'w', 'c');
  readContentLength(request.headers, maxListBytes);
  const list = readBlockList(await readText(request.raw, maxListBytes));
  const blob = await store.commit(name, list, readProperties(request.headers), mayWrite(grant, request));
  return committed(reply, blob);
}

/** Put Blob: a whole blob in one request. */
export async function putBlob({ name, grant, request, reply }: BlobRequest, { store, limits }: WriteDeps) {
  requirePermission(grant, 'w', 'c');
  if (request.headers['x-ms-blob-type'] !== 'BlockBlob') throw new BlobError('InvalidBlobType');
  readContentLength(request.headers, limits.maxPutBlobBytes);
  const md5 = readMd5(request.headers, 'content-md5') ?? readMd5(request.headers, 'x-ms-blob-content-md5');
  const written = await store.files.write(request.raw, { maxBytes: limits.maxPutBlobBytes, md5 });
  const said = readProperties(request.headers);
  const properties = { ...said, headers: { ...said.headers, 'content-md5': written.md5 } };
  const blob = await store.put(name, written, properties, mayWrite(grant, request));
  return committed(reply.header('content-md5', written.md5), blob);
}

/** Delete Blob. */
export async function deleteBlob({ name, grant, request, reply }: BlobRequest, { store }: WriteDeps) {
  requirePermission(grant, 'd');
  await store.remove(name, (current) => checkWrite(readConditions(request.headers), current));
  return reply.code(202).send();
}

/** Overwriting needs the write permission; creating is enough for a blob that is not there. */
function mayWrite(grant: Grant, request: FastifyRequest): (current: Blob | undefined) => void {
  return (current) => {
    if (current) requirePermission(grant, 'w');
    checkWrite(readConditions(request.headers), current);
  };
}

function committed(reply: FastifyReply, blob: Blob) {
  return reply
    .code(201)
    .header('etag', blob.etag)
    .header('last-modified', blob.modifiedAt.toUTCString())
    .header('x-ms-request-server-encrypted', 'false')
    .send();
}

async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new BlobError('RequestBodyTooLarge');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
