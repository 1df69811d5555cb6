import { GatewayError } from '../../core/errors.ts';

/**
 * - `NO_PASSWORD_FITS`: the site's sources gave passwords, and none opens the container
 * - `PASSWORD_SOURCE`: a source of passwords in the site's file could not be used
 */
export class PasswordError extends GatewayError<'NO_PASSWORD_FITS' | 'PASSWORD_SOURCE'> {}

/** A container said that it is locked, or that this is not its password. */
export function isLocked(code: string | undefined): boolean {
  return code === 'PASSWORD_NEEDED' || code === 'WRONG_PASSWORD';
}

/**
 * What a wrong password may also look like: the old zip cipher notices one of 256 wrong ones not at once, but by what
 * comes out.
 */
export function mayBeWrongPassword(code: string | undefined): boolean {
  return ['UNREADABLE', 'EMPTY', 'NO_STUDY', 'UNSUPPORTED', 'UNSAFE_NAME'].includes(code ?? '');
}
