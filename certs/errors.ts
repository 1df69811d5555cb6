import { GatewayError } from '../core/errors.ts';

/** What an operator does about each trouble with bundles, keys and certificates; the keys are the codes. */
const remedies = {
  BUNDLE_UNREADABLE: 'Check the path, and copy the enrolment bundle again.',
  BUNDLE_TOO_LARGE: 'This is not an enrolment bundle. Check the path.',
  BUNDLE_TAMPERED: 'Do not use this file. Get the bundle again and compare its fingerprint with the cloud team.',
  BUNDLE_VERSION: 'Install a newer release of Vestibule, or ask for a bundle for this one.',
  BUNDLE_INVALID: 'Ask the cloud team for a new enrolment bundle.',
  PASSPHRASE_NEEDED: 'Enter the passphrase of the enrolment bundle; it was sent apart from the file.',
  WRONG_PASSPHRASE: 'Check the passphrase with the cloud team; it was sent apart from the file.',
  KEYS_DAMAGED: 'Restore the key folder from a backup. If there is none, enrol again with a new bundle.',
  NOT_ENROLLED: 'Enrol this appliance first: vestibule setup.',
  WRONG_DEVICE: 'Use the bundle that was made for this appliance, or start with an empty key folder.',
  CLOCK_SUSPICIOUS: "Set this machine's date and time, then try again.",
  WRONG_CA:
    'Something between here and the server, such as a proxy that opens TLS, shows another certificate, or the bundle is of another site. Nothing was sent.',
  SERVER_CERTIFICATE_EXPIRED: "Tell the cloud team to renew the server's certificate; check this machine's clock.",
  HOSTNAME_MISMATCH: 'The server at this address is not the one in the bundle. Check DNS and proxies.',
  UNREACHABLE: 'Check network, DNS and that the outbound ports are open. It tries again by itself.',
  SERVER_FAILED: 'The cloud side is in trouble. It tries again by itself.',
  ONBOARDING_EXPIRED: "Ask the cloud team for a new enrolment bundle; check this machine's clock.",
  OPERATIONAL_EXPIRED: "Enrol again with a new bundle; check this machine's clock. Nothing that waits is lost.",
  CLIENT_CERTIFICATE_REFUSED: 'Ask the cloud team for a new enrolment bundle of this site.',
  ALREADY_USED:
    'Ask the cloud team for a new bundle. If nobody enrolled this appliance before, the old one was stolen.',
  DENIED: 'Compare the fingerprint with the cloud team and let them approve it. The same key is asked for again.',
  REVOKED: 'The cloud team has shut this device out. Ask them why.',
  REQUEST_REFUSED: 'Ask the cloud team to look into the log of the EST server.',
  ANSWER_INVALID: 'The EST server did not answer as RFC 7030 wants. Check its address in the bundle.',
  KEY_MISMATCH: 'The server answered with a certificate for another key. Tell the cloud team; nothing was stored.',
  WRONG_ISSUER: 'The certificate is not from the authority that the EST server names. Tell the cloud team.',
  REGISTRATION_REFUSED: 'Ask the cloud team to check the DPS enrolment of this device.',
} as const;

export type CertsErrorCode = keyof typeof remedies;

/** Trouble with a bundle, a key, a certificate or an enrolment; the hint is the code's remedy. */
export class CertsError extends GatewayError<CertsErrorCode> {
  constructor(code: CertsErrorCode, message: string, cause?: unknown) {
    super(code, message, { hint: remedies[code], cause });
  }
}

/** True for trouble that passes by itself: no network, a server that is down or busy. */
export function isPassing(error: unknown): boolean {
  return error instanceof CertsError && (error.code === 'UNREACHABLE' || error.code === 'SERVER_FAILED');
}
