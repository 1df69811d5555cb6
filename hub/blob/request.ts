import type { IncomingHttpHeaders } from 'node:http';
import type { Conditions } from './conditions.ts';
import { BlobError } from './errors.ts';
import type { BlobProperties } from './tables.ts';

/** Longest name of a blob. */
const maxNameLength = 1024;

/** The blob that a request is about, from the raw path: decoded once, with nothing in it resolved. */
export function readBlobName(
  rawUrl: string,
  prefix: string,
): { readonly name: string; readonly query: URLSearchParams } {
  const mark = rawUrl.indexOf('?');
  const path = mark < 0 ? rawUrl : rawUrl.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : rawUrl.slice(mark + 1));
  let name: string;
  try {
    name = decodeURIComponent(path.slice(prefix.length));
  } catch (cause) {
    throw new BlobError('InvalidResourceName', { cause });
  }
  if (!path.startsWith(prefix) || name === '' || name.length > maxNameLength || name.includes('\0')) {
    throw new BlobError('InvalidResourceName');
  }
  return { name, query };
}

/** A block id: base64 of 1 to 64 bytes. */
export function readBlockId(query: URLSearchParams): string {
  const blockId = query.get('blockid') ?? '';
  const bytes = Buffer.from(blockId, 'base64');
  if (bytes.length === 0 || bytes.length > 64 || bytes.toString('base64') !== blockId) {
    throw new BlobError('InvalidBlockId');
  }
  return blockId;
}

/** The declared length of a body. Throws when it is missing or above `maxBytes`, before anything of it is read. */
export function readContentLength(headers: IncomingHttpHeaders, maxBytes: number): number {
  const bytes = Number(headers['content-length'] ?? Number.NaN);
  if (Number.isNaN(bytes)) throw new BlobError('MissingContentLengthHeader');
  if (bytes > maxBytes) throw new BlobError('RequestBodyTooLarge');
  return bytes;
}

/** `Content-MD5` of a body, base64; undefined when the writer gave none. */
export function readMd5(headers: IncomingHttpHeaders, name: string): string | undefined {
  const md5 = headers[name];
  if (md5 === undefined) return undefined;
  if (typeof md5 !== 'string' || Buffer.from(md5, 'base64').length !== 16) throw new BlobError('InvalidMd5');
  return md5;
}

export function readConditions(headers: IncomingHttpHeaders): Conditions {
  return {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    ifUnmodifiedSince: headers['if-unmodified-since'],
  };
}

const contentHeaders = ['type', 'encoding', 'language', 'disposition', 'md5'].map((name) => `content-${name}`);

/** What the writer says of the content, by the `x-ms-blob-` headers and `x-ms-meta-` pairs. */
export function readProperties(headers: IncomingHttpHeaders): BlobProperties {
  const said = [...contentHeaders, 'cache-control'].flatMap((name) => {
    const value = headers[`x-ms-blob-${name}`];
    return typeof value === 'string' && value !== '' ? [[name, value] as const] : [];
  });
  const metadata = Object.entries(headers).flatMap(([name, value]) => {
    return name.startsWith('x-ms-meta-') && typeof value === 'string' ? [[name.slice(10), value] as const] : [];
  });
  return {
    headers: { 'content-type': 'application/octet-stream', ...Object.fromEntries(said) },
    metadata: Object.fromEntries(metadata),
  };
}
