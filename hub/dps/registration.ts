import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { DeviceCertificate } from '../identity/certificate.ts';
import { hubTopics } from '../mqtt/topics.ts';
import type { Reply } from '../mqtt/twin-requests.ts';
import type { Registry } from '../registry/registry.ts';

export interface DpsDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  /** The hub that every device is assigned to. */
  readonly assignedHub: string;
  readonly retryAfterSeconds: number;
}

/**
 * One device's dialogue with the provisioning service: it registers, is told to wait, asks again and gets its hub.
 * The assignment is durable before the first answer; only the operation id lives and dies with the connection.
 * All answers are ASCII, because the device SDK decodes them so.
 */
export class Registration {
  readonly #deps: DpsDeps;
  readonly #registrationId: string;
  readonly #certificate: DeviceCertificate;
  #operationId: string | undefined;

  constructor(deps: DpsDeps, registrationId: string, certificate: DeviceCertificate) {
    this.#deps = deps;
    this.#registrationId = registrationId;
    this.#certificate = certificate;
  }

  register(rid: string, body: Uint8Array): Reply {
    if (readRegistrationId(body) !== this.#registrationId) {
      return this.#refusal(rid, 400, 400_209, 'the registration id is not the one of the connection');
    }
    if (!this.#deps.registry.enrolment(this.#registrationId)?.enabled) return this.#notEnrolled(rid);
    this.#deps.registry.assignDevice(this.#registrationId, this.#certificate);
    this.#operationId = `5.${randomUUID()}`;
    return {
      topic: hubTopics.dpsResponse(202, rid, this.#deps.retryAfterSeconds),
      body: JSON.stringify({ operationId: this.#operationId, status: 'assigning' }),
    };
  }

  operation(rid: string, operationId: string): Reply {
    if (operationId !== this.#operationId) return this.#refusal(rid, 404, 404_203, 'there is no such operation');
    const enrolment = this.#deps.registry.enrolment(this.#registrationId);
    const device = this.#deps.registry.device(this.#registrationId);
    if (!enrolment?.enabled || !device) return this.#notEnrolled(rid);
    const registrationState = {
      x509: { certificateInfo: certificateInfo(this.#certificate) },
      registrationId: this.#registrationId,
      createdDateTimeUtc: enrolment.createdAt,
      assignedHub: this.#deps.assignedHub,
      deviceId: device.deviceId,
      status: 'assigned',
      substatus: 'initialAssignment',
      lastUpdatedDateTimeUtc: this.#deps.clock.now().toISOString(),
      etag: device.etag,
    };
    const body = ascii({ operationId, status: 'assigned', registrationState });
    return { topic: hubTopics.dpsResponse(200, rid), body };
  }

  #notEnrolled(rid: string): Reply {
    return this.#refusal(rid, 401, 401_002, 'the device is not enrolled, or its enrolment is disabled');
  }

  #refusal(rid: string, status: number, errorCode: number, message: string): Reply {
    const timestampUtc = this.#deps.clock.now().toISOString();
    const body = ascii({ errorCode, trackingId: randomUUID(), message, timestampUtc });
    return { topic: hubTopics.dpsResponse(status, rid), body };
  }
}

function readRegistrationId(body: Uint8Array): unknown {
  try {
    const json: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof json === 'object' && json !== null && 'registrationId' in json ? json.registrationId : undefined;
  } catch {
    return undefined;
  }
}

function certificateInfo(certificate: DeviceCertificate): object {
  return {
    subjectName: certificate.subject,
    sha1Thumbprint: certificate.sha1Thumbprint,
    sha256Thumbprint: certificate.sha256Thumbprint,
    issuerName: certificate.issuer,
    notBeforeUtc: certificate.notBefore,
    notAfterUtc: certificate.notAfter,
    serialNumber: certificate.serialNumber,
    version: 3,
  };
}

/** JSON with everything outside ASCII escaped: the issuer's name may hold any letter. */
function ascii(value: object): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
