import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from '../core/digest.ts';
import { deviceIdSchema } from '../protocol/ids.ts';
import { commonNameOf } from './certificate.ts';
import { CertsError } from './errors.ts';
import type { KeyFolder } from './key-folder.ts';
import type { KeyPair } from './pkcs12.ts';
import { keyFingerprint, type SigningRequest } from './signing-request.ts';

const pairSchema = z.strictObject({ keyPem: z.string(), certificatePem: z.string() });
const onboardingSchema = pairSchema.extend({ source: z.string() });
const requestSchema = z.strictObject({ device: deviceIdSchema, keyPem: z.string(), requestPem: z.string() });
const assignmentSchema = z.strictObject({ assignedHub: z.string().min(1).max(253), deviceId: deviceIdSchema });

/** What DPS said: which hub this device belongs to. */
export type Assignment = z.infer<typeof assignmentSchema>;

/**
 * What is on disk about the enrolment. Each file is one state and is written whole, so a kill between any two steps
 * leaves a state from which the same steps go on:
 * - `onboarding.json`: the opened onboarding pair, until the first operational certificate is kept
 * - `request.json`: a key and its CSR, kept before the CSR is sent and until its certificate is kept
 * - `candidate.pem`: a renewed pair that was not proved on the wire yet
 * - `operational.pem`: the pair in use; only a newer one ever takes its place
 * - `assignment.json`: what DPS answered
 */
export class EnrolmentState {
  readonly #folder: KeyFolder;

  constructor(folder: KeyFolder) {
    this.#folder = folder;
  }

  /** The onboarding pair opened from this very PKCS#12 (base64), if it was before. */
  onboarding(pkcs12: string): KeyPair | undefined {
    const kept = this.#json('onboarding.json', onboardingSchema);
    return kept?.source === sha256(pkcs12) ? kept : undefined;
  }

  keepOnboarding(pkcs12: string, { keyPem, certificatePem }: KeyPair): void {
    this.#folder.replace('onboarding.json', JSON.stringify({ source: sha256(pkcs12), keyPem, certificatePem }));
  }

  /** Erases the onboarding pair: after an operational certificate it has no use. */
  retireOnboarding(): void {
    this.#folder.erase('onboarding.json');
  }

  /** The request in flight for this device. One whose key is in use already is a leftover, and erased. */
  request(device: string): SigningRequest | undefined {
    const request = this.#json('request.json', requestSchema);
    if (!request) return undefined;
    const used = this.#pair('operational.pem');
    const isUsed = used && keyFingerprint(used.keyPem) === keyFingerprint(request.keyPem);
    if (!isUsed && request.device === device) return request;
    this.#folder.erase('request.json');
    return undefined;
  }

  /** Keeps a request before it is sent. When another one was kept meanwhile, that one stands and is returned. */
  keepRequest(request: SigningRequest): SigningRequest {
    this.#folder.create('request.json', JSON.stringify(request));
    const standing = this.#json('request.json', requestSchema);
    if (!standing) throw new CertsError('KEYS_DAMAGED', 'the request that was just written is gone');
    return standing;
  }

  operational(): KeyPair | undefined {
    return this.#pair('operational.pem');
  }

  keepOperational(pair: KeyPair): void {
    this.#folder.replace('operational.pem', `${pair.keyPem}${pair.certificatePem}`);
    this.#folder.erase('request.json');
  }

  /** A renewed pair that waits to be proved; undefined for one that has expired. */
  candidate(now: Date): KeyPair | undefined {
    const pair = this.#pair('candidate.pem');
    // Kept even so: by a clock that is ahead it only seems to have expired, and it may be all that is left.
    return pair && new X509Certificate(pair.certificatePem).validToDate > now ? pair : undefined;
  }

  keepCandidate(pair: KeyPair): void {
    this.#folder.replace('candidate.pem', `${pair.keyPem}${pair.certificatePem}`);
  }

  /** Retires the pair in use for the proved one, in one step. */
  promoteCandidate(): void {
    this.#folder.move('candidate.pem', 'operational.pem');
    this.#folder.erase('request.json');
  }

  assignment(): Assignment | undefined {
    return this.#json('assignment.json', assignmentSchema);
  }

  keepAssignment({ assignedHub, deviceId }: Assignment): void {
    this.#folder.replace('assignment.json', JSON.stringify({ assignedHub, deviceId }));
  }

  #json<T>(name: string, schema: z.ZodType<T>): T | undefined {
    const bytes = this.#folder.read(name);
    if (!bytes) return undefined;
    try {
      return schema.parse(JSON.parse(bytes.toString()));
    } catch {
      // No cause: an error of the parser may quote what it read, and that is a key.
      throw new CertsError('KEYS_DAMAGED', `the key file ${name} does not hold what it should`);
    }
  }

  #pair(name: string): KeyPair | undefined {
    const text = this.#folder.read(name)?.toString();
    if (text === undefined) return undefined;
    try {
      const key = createPrivateKey(text);
      const certificate = new X509Certificate(text);
      if (!certificate.checkPrivateKey(key)) throw new Error('key and certificate do not belong together');
      const keyPem = String(key.export({ type: 'pkcs8', format: 'pem' }));
      return { keyPem, certificatePem: certificate.toString() };
    } catch (cause) {
      throw new CertsError('KEYS_DAMAGED', `expected a key and its certificate in ${name}`, cause);
    }
  }
}

/** The device that a pair's certificate names. */
export function deviceOf({ certificatePem }: KeyPair): string | undefined {
  return commonNameOf(new X509Certificate(certificatePem));
}
