export { CertificateAuthority } from './authority.ts';
export { type CertificateLives, DevelopmentCa, defaultLives, type ServerCertificate } from './development-ca.ts';
export { AuthorityError, type AuthorityErrorCode } from './errors.ts';
export type { Pkcs12 } from './pkcs12.ts';
export { readSigningRequest, type SigningRequest } from './signing-request.ts';
