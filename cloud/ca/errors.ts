import { GatewayError } from '../../core/errors.ts';

export type AuthorityErrorCode = 'AUTHORITY_DAMAGED' | 'REQUEST_MALFORMED' | 'REQUEST_UNPROVEN' | 'KEY_UNSUITABLE';

/** A certificate could not be issued: the authority's own file is unusable, or the request does not deserve one. */
export class AuthorityError extends GatewayError<AuthorityErrorCode> {}
