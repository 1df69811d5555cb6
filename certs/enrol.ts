import { X509Certificate } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Sha256 } from '../core/digest.ts';
import type { Bundle } from '../protocol/bundle.ts';
import { acceptCertificate } from './certificate.ts';
import type { DpsClient } from './dps-client.ts';
import { deviceOf, EnrolmentState } from './enrolment-state.ts';
import { CertsError } from './errors.ts';
import type { EstClient } from './est-client.ts';
import type { DeviceCredential, OperationalIdentity } from './identity.ts';
import type { KeyFolder } from './key-folder.ts';
import { type KeyPair, openPkcs12 } from './pkcs12.ts';
import { keyFingerprint, makeSigningRequest } from './signing-request.ts';

export interface EnrolDeps {
  readonly bundle: Bundle;
  readonly folder: KeyFolder;
  /** Opens the onboarding pair; not needed again once that was kept, nor when the appliance is enrolled. */
  readonly passphrase?: string;
  readonly est: Pick<EstClient, 'caCertificates' | 'enrol'>;
  readonly dps: Pick<DpsClient, 'register'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Told each time a person's approval is waited for; `fingerprint` is what that person compares. */
  readonly onWaiting?: (waiting: { readonly fingerprint: Sha256; readonly retryAfterMs: number }) => void;
  /** Enrol afresh when the operational certificate has expired. Without it an expired one is returned as it is. */
  readonly replaceExpired?: boolean;
}

/**
 * Makes this machine an enrolled appliance, or finds that it is one: then it returns at once, without the network.
 * Killed at any moment and started again, it goes on with the same key, so one device never becomes two.
 */
export async function enrol(deps: EnrolDeps): Promise<OperationalIdentity> {
  const state = new EnrolmentState(deps.folder);
  const pair = keptPair(deps, state) ?? (await certify(deps, state));
  state.retireOnboarding();
  const credential = credentialOf(pair, deps.bundle);
  return { ...credential, assignedHub: await assignedHub(deps, state, credential) };
}

/** Asks DPS again, for a device whose hub has moved or refuses it, and keeps the answer. */
export async function reassign(
  deps: Pick<EnrolDeps, 'folder' | 'dps' | 'signal'>,
  identity: OperationalIdentity,
): Promise<OperationalIdentity> {
  const assignment = await deps.dps.register(identity, deps.signal);
  new EnrolmentState(deps.folder).keepAssignment(assignment);
  return { ...identity, assignedHub: assignment.assignedHub };
}

/** A kept pair with what the bundle says of the servers. */
export function credentialOf(pair: KeyPair, bundle: Pick<Bundle, 'device' | 'serverCa'>): DeviceCredential {
  if (deviceOf(pair) !== bundle.device) {
    throw new CertsError('WRONG_DEVICE', `this appliance is enrolled as another device than ${bundle.device}`);
  }
  const { validToDate } = new X509Certificate(pair.certificatePem);
  return { deviceId: bundle.device, ...pair, caPem: bundle.serverCa, notAfter: validToDate };
}

function keptPair({ replaceExpired, clock }: EnrolDeps, state: EnrolmentState): KeyPair | undefined {
  const pair = state.operational();
  if (!pair || !replaceExpired) return pair;
  return new X509Certificate(pair.certificatePem).validToDate > clock.now() ? pair : undefined;
}

/** Phase 1: the onboarding certificate opens EST, a person approves the key made here, its certificate comes back. */
async function certify(deps: EnrolDeps, state: EnrolmentState): Promise<KeyPair> {
  const { bundle, est, clock, signal, onWaiting } = deps;
  checkClock(bundle, clock.now());
  const onboarding = await openOnboarding(deps, state);
  const { keyPem, requestPem } =
    state.request(bundle.device) ?? state.keepRequest(await makeSigningRequest(bundle.device));
  const authorities = await est.caCertificates(signal);
  const fingerprint = keyFingerprint(keyPem);
  const answer = await est.enrol({
    requestPem,
    pair: onboarding,
    onWaiting: (retryAfterMs) => onWaiting?.({ fingerprint, retryAfterMs }),
    signal,
  });
  const expected = { keyPem, deviceId: bundle.device, authorities, now: clock.now() };
  const pair = { keyPem, certificatePem: acceptCertificate(answer, expected).toString() };
  state.keepOperational(pair);
  return pair;
}

/** Phase 2: with the operational certificate, DPS says which hub. Kept, since it is asked once. */
async function assignedHub(deps: EnrolDeps, state: EnrolmentState, credential: DeviceCredential): Promise<string> {
  const kept = state.assignment();
  if (kept?.deviceId === credential.deviceId) return kept.assignedHub;
  const assignment = await deps.dps.register(credential, deps.signal);
  state.keepAssignment(assignment);
  return assignment.assignedHub;
}

async function openOnboarding({ bundle, passphrase, clock }: EnrolDeps, state: EnrolmentState): Promise<KeyPair> {
  const { pkcs12 } = bundle.onboarding;
  const pair = state.onboarding(pkcs12) ?? (await importOnboarding(pkcs12, passphrase, state));
  const { validFromDate, validToDate } = new X509Certificate(pair.certificatePem);
  if (clock.now() > validToDate) {
    throw new CertsError('ONBOARDING_EXPIRED', `the onboarding certificate expired on ${validToDate.toISOString()}`);
  }
  if (clock.now() < validFromDate) {
    throw new CertsError('CLOCK_SUSPICIOUS', `by this clock the onboarding certificate is not valid yet`);
  }
  return pair;
}

async function importOnboarding(pkcs12: string, passphrase: string | undefined, state: EnrolmentState) {
  if (passphrase === undefined) {
    throw new CertsError('PASSPHRASE_NEEDED', 'the passphrase of the enrolment bundle is needed');
  }
  const pair = await openPkcs12(Buffer.from(pkcs12, 'base64'), passphrase);
  state.keepOnboarding(pkcs12, pair);
  return pair;
}

const dayMs = 86_400_000;

/** A clock that is before the bundle was made is wrong. A day is allowed, for a time zone set wrongly. */
function checkClock({ issuedAt }: Bundle, now: Date): void {
  if (now.getTime() >= Date.parse(issuedAt) - dayMs) return;
  throw new CertsError('CLOCK_SUSPICIOUS', `it is ${now.toISOString()}, but the bundle was made at ${issuedAt}`);
}
