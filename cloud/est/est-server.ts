import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import { type DevelopmentCa, readSigningRequest, type ServerCertificate, type SigningRequest } from '../ca/index.ts';
import { certsOnly, sendCertificates, sendPending, sendProblem } from './answer.ts';
import type { Approvals, Submission } from './approvals.ts';
import { EnrolmentError } from './errors.ts';
import { type Peer, readPeer } from './peer.ts';

export interface EstServerDeps {
  readonly ca: DevelopmentCa;
  readonly approvals: Approvals;
  readonly tls: ServerCertificate;
  readonly host: string;
  /** 0: any free port; see `url` after the start. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a device is told to wait for a person. Default 10. */
  readonly retryAfterSeconds?: number;
  /**
   * Called before an operational certificate leaves the house, so that DPS knows the device by then. Must be
   * idempotent: it is called again when the answer was lost by a crash. When it rejects, no certificate is given.
   */
  readonly onApproved?: (device: string) => Promise<void>;
  /** True for a device that must get no certificate any more. */
  readonly isRevoked?: (device: string) => boolean;
}

const base = '/.well-known/est';
/** A request for an RSA key of 8192 bits is about 4 KB in base64. */
const maxBodyBytes = 16 * 1024;

/**
 * EST (RFC 7030): `cacerts` for all, `simpleenroll` for holders of an onboarding certificate, `simplereenroll` for
 * enrolled devices. It decides nothing about people: that is the approvals' part.
 */
export class EstServer implements Service {
  readonly name = 'est';
  readonly #deps: EstServerDeps;
  #app: FastifyInstance<Server> | undefined;

  constructor(deps: EstServerDeps) {
    this.#deps = deps;
  }

  /** Where it listens, `https://host:port`, once started. */
  get url(): string {
    const address = this.#app?.server.address() as AddressInfo | null | undefined;
    if (!address) throw new Error('the EST server has not been started');
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `https://${host}:${address.port}`;
  }

  async start(): Promise<void> {
    const { host, port } = this.#deps;
    this.#app = this.#build();
    await this.#app.listen({ host, port });
  }

  async stop(): Promise<void> {
    await this.#app?.close();
    this.#app = undefined;
  }

  #build(): FastifyInstance<Server> {
    const { tls, ca, log } = this.#deps;
    const app = fastify({
      bodyLimit: maxBodyBytes,
      forceCloseConnections: true,
      https: {
        cert: tls.certificatePem,
        key: tls.keyPem,
        ca: [ca.onboarding.certificatePem, ca.operational.certificatePem],
        minVersion: 'TLSv1.2',
        requestCert: true,
        rejectUnauthorized: false,
      },
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/pkcs10', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    app.setErrorHandler((error, _request, reply) => {
      sendProblem(reply, error);
      if (reply.statusCode >= 500) log.error({ error: describe(error) }, 'enrolment failed');
    });
    const authorities = certsOnly([ca.operational.certificate.raw]);
    app.get(`${base}/cacerts`, (_request, reply) => sendCertificates(reply, authorities));
    app.post(`${base}/simpleenroll`, (request, reply) => this.#answer('enrol', request, reply));
    app.post(`${base}/simplereenroll`, (request, reply) => this.#answer('renew', request, reply));
    return app;
  }

  async #answer(kind: Submission['kind'], request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const peer = this.#admit(kind, request);
    const wanted = await readSigningRequest(decodeBody(request.body));
    if (wanted.commonName !== peer.device) throw subjectMismatch(peer);
    const submission = { device: peer.device, fingerprint: wanted.fingerprint, kind, credential: peer.credential };
    const standing = this.#deps.approvals.submit(submission);
    switch (standing.state) {
      case 'pending':
        return sendPending(reply, this.#deps.retryAfterSeconds ?? 10);
      case 'issued':
        return sendCertificates(reply, certsOnly([derOf(standing.certificatePem)]));
      case 'approved':
        return sendCertificates(reply, certsOnly([derOf(await this.#issue(submission, wanted))]));
    }
  }

  /** Lets in whoever holds the kind of certificate that the operation is for, and is not revoked. */
  #admit(kind: Submission['kind'], request: FastifyRequest): Peer {
    const { ca, clock, log, isRevoked } = this.#deps;
    const authorities = { onboarding: ca.onboarding.certificate, operational: ca.operational.certificate };
    try {
      const peer = readPeer(request.raw.socket as TLSSocket, authorities, clock.now());
      if (peer.kind !== (kind === 'enrol' ? 'onboarding' : 'operational')) throw wrongKind(peer);
      if (isRevoked?.(peer.device)) throw revoked();
      return peer;
    } catch (error) {
      log.warn({ kind, error: describe(error) }, 'client certificate refused');
      throw error;
    }
  }

  async #issue(submission: Submission, wanted: SigningRequest): Promise<string> {
    const { ca, approvals, onApproved, log } = this.#deps;
    const { device, fingerprint, kind } = submission;
    await onApproved?.(device);
    const certificatePem = approvals.recordIssued(submission, await ca.issueOperational(wanted, device));
    log.info({ device, fingerprint, kind }, 'operational certificate issued');
    return certificatePem;
  }
}

/** Base64, with line breaks allowed (RFC 8951, 3.1). */
function decodeBody(body: unknown): Uint8Array {
  return Buffer.from(typeof body === 'string' ? body : '', 'base64');
}

function derOf(certificatePem: string): Uint8Array {
  return new X509Certificate(certificatePem).raw;
}

function subjectMismatch(peer: Peer): EnrolmentError {
  return new EnrolmentError('SUBJECT_MISMATCH', `expected the common name of the client certificate, ${peer.device}`, {
    hint: 'A device can ask only for itself.',
  });
}

function wrongKind(peer: Peer): EnrolmentError {
  return new EnrolmentError('CERTIFICATE_WRONG_KIND', `an ${peer.kind} certificate has no right to this operation`, {
    hint: 'Enrol with the onboarding certificate, renew with the operational one.',
  });
}

function revoked(): EnrolmentError {
  return new EnrolmentError('REVOKED', 'the device was revoked', { hint: 'Ask the cloud team.' });
}
