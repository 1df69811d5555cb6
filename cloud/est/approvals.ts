import type { Clock } from '../../core/clock.ts';
import { type Database, openStore } from '../../core/database.ts';
import type { Sha256 } from '../../core/digest.ts';
import { EnrolmentError } from './errors.ts';
import { type RequestRow, requestMigrations, requestStatements } from './request-table.ts';

/** A certification request as the person who approves it sees it. */
export interface EnrolmentRequest {
  readonly device: string;
  /** SHA-256 of the public key: to be compared with what the appliance shows. */
  readonly fingerprint: Sha256;
  readonly kind: 'enrol' | 'renew';
  /** `pending` waits for a person, `approved` for the device to fetch, `issued` and `denied` are final answers. */
  readonly state: 'pending' | 'approved' | 'denied' | 'issued';
  readonly requestedAt: string;
}

/** What arrived: who asks, with which client certificate (`credential`, its SHA-256), for which key. */
export interface Submission extends Pick<EnrolmentRequest, 'device' | 'fingerprint' | 'kind'> {
  readonly credential: Sha256;
}

/** Where a request stands; once issued, the same certificate answers every repetition. */
export type Standing =
  | { readonly state: 'pending' | 'approved' }
  | { readonly state: 'issued'; readonly certificatePem: string };

/** More keys than this may not wait for one onboarding certificate: a stolen one must not fill the table. */
const maxOpenPerCredential = 8;

/**
 * The durable memory of the EST server: every request, what was decided, what was issued. One onboarding certificate
 * serves one key: the database itself refuses a second one. Several processes may have it open (the server, and the
 * command with which a person approves).
 */
export class Approvals {
  readonly #db: Database;
  readonly #sql: ReturnType<typeof requestStatements>;
  readonly #clock: Clock;
  readonly #autoApprove: boolean;
  readonly #onAutoApproved: (device: string, fingerprint: Sha256) => void;

  constructor(deps: {
    readonly path: string;
    readonly clock: Clock;
    /** Approve enrolments without a person: for a laptop or a test. */
    readonly autoApprove?: boolean;
    /** Told of each automatic approval, so that it can be said aloud. */
    readonly onAutoApproved?: (device: string, fingerprint: Sha256) => void;
  }) {
    this.#db = openStore(deps.path, requestMigrations);
    this.#sql = requestStatements(this.#db);
    this.#clock = deps.clock;
    this.#autoApprove = deps.autoApprove ?? false;
    this.#onAutoApproved = deps.onAutoApproved ?? (() => {});
  }

  /** Requests that wait for a person, oldest first. */
  pending(): readonly EnrolmentRequest[] {
    return this.#sql.inState.all('pending').map(shown);
  }

  /** Every request ever made, oldest first. */
  all(): readonly EnrolmentRequest[] {
    return this.#sql.all.all().map(shown);
  }

  /** Approves one key of one device; also takes back an earlier denial. */
  approve(device: string, fingerprint: string): void {
    this.#decide(device, fingerprint, 'approved');
  }

  deny(device: string, fingerprint: string): void {
    this.#decide(device, fingerprint, 'denied');
  }

  /** Takes a request in, or recognises one that was made before, and says where it stands. Throws when it is refused. */
  submit(submission: Submission): Standing {
    const { standing, automatic } = this.#db.transaction(() => this.#take(submission)).immediate();
    if (automatic) this.#onAutoApproved(submission.device, submission.fingerprint);
    return standing;
  }

  /**
   * Keeps the certificate of an approved request. Returns the one that stands: when two answers were made at once,
   * the first. Throws when the onboarding certificate was used for another key meanwhile.
   */
  recordIssued({ device, fingerprint }: Pick<Submission, 'device' | 'fingerprint'>, certificatePem: string): string {
    return this.#db
      .transaction(() => {
        const row = this.#find(device, fingerprint);
        if (row.certificate !== null) return row.certificate;
        if (row.state !== 'approved') throw denied();
        this.#refuseSecondUse(row);
        this.#sql.issue.run({ device, fingerprint, certificate: certificatePem, at: this.#now() });
        return certificatePem;
      })
      .immediate();
  }

  close(): void {
    this.#db.close();
  }

  #take(submission: Submission): { standing: Standing; automatic: boolean } {
    const { device, fingerprint, kind, credential } = submission;
    const row = this.#sql.find.get(device, fingerprint);
    if (row?.certificate) return { standing: { state: 'issued', certificatePem: row.certificate }, automatic: false };
    if (row?.state === 'denied') throw denied();
    this.#refuseSecondUse(submission);
    const automatic = kind === 'enrol' && this.#autoApprove && row?.state !== 'approved';
    const state = automatic || kind === 'renew' || row?.state === 'approved' ? 'approved' : 'pending';
    if (!row) this.#refuseTooMany(credential);
    this.#sql.put.run({ device, fingerprint, kind, credential, state, at: this.#now() });
    return { standing: { state }, automatic };
  }

  #refuseSecondUse({ kind, credential, fingerprint }: Pick<RequestRow, 'kind' | 'credential' | 'fingerprint'>): void {
    if (kind !== 'enrol' || !this.#sql.usedForAnother.get(credential, fingerprint)) return;
    throw new EnrolmentError('ALREADY_USED', 'this onboarding certificate has already enrolled another key', {
      hint: 'Create a new enrolment bundle. If nobody enrolled this device before, revoke it: the bundle was stolen.',
    });
  }

  #refuseTooMany(credential: Sha256): void {
    if ((this.#sql.countOpen.get(credential)?.open ?? 0) < maxOpenPerCredential) return;
    throw new EnrolmentError('TOO_MANY_REQUESTS', `more than ${maxOpenPerCredential} keys wait for this certificate`, {
      hint: 'Deny those that are not yours, or create a new enrolment bundle.',
    });
  }

  #decide(device: string, fingerprint: string, state: 'approved' | 'denied'): void {
    this.#db
      .transaction(() => {
        if (this.#find(device, fingerprint).state === 'issued') {
          throw new EnrolmentError('ALREADY_ISSUED', `the certificate of ${device} was already issued`, {
            hint: 'Revoke the device instead.',
          });
        }
        this.#sql.decide.run({ device, fingerprint, state, at: this.#now() });
      })
      .immediate();
  }

  #find(device: string, fingerprint: string): RequestRow {
    const row = this.#sql.find.get(device, fingerprint);
    if (row) return row;
    throw new EnrolmentError('REQUEST_UNKNOWN', `no request of ${device} with this fingerprint is known`, {
      hint: 'List the pending requests and copy device and fingerprint from there.',
    });
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }
}

function denied(): EnrolmentError {
  return new EnrolmentError('DENIED', 'the request was denied by a person', {
    hint: 'Compare the fingerprint with the one that the appliance shows, then approve it.',
  });
}

function shown({ device, fingerprint, kind, state, requested_at }: RequestRow): EnrolmentRequest {
  return { device, fingerprint, kind, state, requestedAt: requested_at };
}
