import { GatewayError } from '../../core/errors.ts';

export type EnrolmentErrorCode =
  | 'CERTIFICATE_REQUIRED'
  | 'CERTIFICATE_UNKNOWN'
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_WRONG_KIND'
  | 'SUBJECT_MISMATCH'
  | 'ALREADY_USED'
  | 'DENIED'
  | 'REVOKED'
  | 'TOO_MANY_REQUESTS'
  | 'REQUEST_UNKNOWN'
  | 'ALREADY_ISSUED';

/** An enrolment was refused. The code is sent to the appliance, lower case with hyphens, as `code` of the problem. */
export class EnrolmentError extends GatewayError<EnrolmentErrorCode> {}

/** HTTP status of each refusal (RFC 7030, 4.2.3: any 4xx): 401 where the client certificate itself is the trouble. */
export const statusOf: Readonly<Record<EnrolmentErrorCode, number>> = {
  CERTIFICATE_REQUIRED: 401,
  CERTIFICATE_UNKNOWN: 401,
  CERTIFICATE_EXPIRED: 401,
  CERTIFICATE_WRONG_KIND: 403,
  SUBJECT_MISMATCH: 403,
  ALREADY_USED: 403,
  DENIED: 403,
  REVOKED: 403,
  TOO_MANY_REQUESTS: 403,
  REQUEST_UNKNOWN: 404,
  ALREADY_ISSUED: 409,
};
