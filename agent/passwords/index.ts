export { PasswordError } from './password-error.ts';
export { type Attempt, Passwords } from './passwords.ts';
export { expectPrivate } from './source.ts';
