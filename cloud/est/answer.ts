import * as asn1js from 'asn1js';
import type { FastifyReply } from 'fastify';
import { Certificate, ContentInfo, EncapsulatedContentInfo, SignedData } from 'pkijs';
import { AuthorityError } from '../ca/index.ts';
import { EnrolmentError, statusOf } from './errors.ts';

/** Certificates as a certs-only CMC message (RFC 7030, 4.1.3 and 4.2.3): PKCS#7 without signers, base64 of its DER. */
export function certsOnly(certificates: readonly Uint8Array[]): string {
  const signed = new SignedData({
    version: 1,
    digestAlgorithms: [],
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: ContentInfo.DATA }),
    certificates: certificates.map((der) => new Certificate({ schema: asn1js.fromBER(der).result })),
    signerInfos: [],
  });
  const content = new ContentInfo({ contentType: ContentInfo.SIGNED_DATA, content: signed.toSchema(true) });
  return Buffer.from(content.toSchema().toBER(false)).toString('base64');
}

/** 200 with certificates. */
export function sendCertificates(reply: FastifyReply, body: string): FastifyReply {
  return reply
    .code(200)
    .header('content-type', 'application/pkcs7-mime; smime-type=certs-only')
    .header('content-transfer-encoding', 'base64')
    .send(body);
}

/** 202: a person has not decided yet; ask again after so many seconds (RFC 7030, 4.2.3). */
export function sendPending(reply: FastifyReply, retryAfterSeconds: number): FastifyReply {
  return reply
    .code(202)
    .header('retry-after', String(retryAfterSeconds))
    .header('content-type', 'text/plain')
    .send('The request waits for approval.\n');
}

/** A refusal as problem details (RFC 9457) with our `code`; anything that is not a refusal is a bare 500. */
export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = describe(error);
  const code = problem.code.toLowerCase().replaceAll('_', '-');
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify({ ...problem, code }));
}

function describe(error: unknown): { status: number; code: string; title: string; detail?: string } {
  if (error instanceof EnrolmentError) {
    return { status: statusOf[error.code], code: error.code, title: error.message, ...detail(error.hint) };
  }
  if (error instanceof AuthorityError && error.code !== 'AUTHORITY_DAMAGED') {
    return { status: 400, code: error.code, title: error.message, ...detail(error.hint) };
  }
  const status = clientFault(error);
  if (status) return { status, code: 'REQUEST_MALFORMED', title: 'the request cannot be read' };
  return { status: 500, code: 'FAILED', title: 'the request could not be served' };
}

/** Fastify's own refusals (body too large, wrong media type) carry their status. */
function clientFault(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}

function detail(hint: string | undefined): { detail?: string } {
  return hint === undefined ? {} : { detail: hint };
}
