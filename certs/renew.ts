import type { Clock } from '../core/clock.ts';
import { acceptCertificate } from './certificate.ts';
import { credentialOf } from './enrol.ts';
import { EnrolmentState } from './enrolment-state.ts';
import { CertsError } from './errors.ts';
import type { EstClient } from './est-client.ts';
import type { OperationalIdentity } from './identity.ts';
import type { KeyFolder } from './key-folder.ts';
import type { KeyPair } from './pkcs12.ts';
import { makeSigningRequest } from './signing-request.ts';

export interface RenewDeps {
  readonly folder: KeyFolder;
  readonly est: Pick<EstClient, 'caCertificates' | 'reenrol'>;
  /**
   * Proves the new identity on the wire: resolves once the hub has let it in. When it rejects, the old identity stays
   * in use, and the new one is proved again at the next call.
   */
  readonly prove: (identity: OperationalIdentity) => Promise<void>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Renews the operational certificate for a new key. The old pair is on disk, and valid, until the new one was proved;
 * then the new one takes its place in one step.
 */
export async function renew(deps: RenewDeps, identity: OperationalIdentity): Promise<OperationalIdentity> {
  const state = new EnrolmentState(deps.folder);
  const candidate = state.candidate(deps.clock.now()) ?? (await recertify(deps, state, identity));
  const bundle = { device: identity.deviceId, serverCa: identity.caPem };
  const renewed = { ...credentialOf(candidate, bundle), assignedHub: identity.assignedHub };
  await deps.prove(renewed);
  state.promoteCandidate();
  return renewed;
}

async function recertify(deps: RenewDeps, state: EnrolmentState, identity: OperationalIdentity): Promise<KeyPair> {
  const { est, clock, signal } = deps;
  const { deviceId } = identity;
  const current = state.operational();
  if (!current) throw new CertsError('NOT_ENROLLED', 'expected an operational certificate to renew');
  if (identity.notAfter <= clock.now()) {
    throw new CertsError('OPERATIONAL_EXPIRED', `the certificate expired on ${identity.notAfter.toISOString()}`);
  }
  const { keyPem, requestPem } = state.request(deviceId) ?? state.keepRequest(await makeSigningRequest(deviceId));
  const authorities = await est.caCertificates(signal);
  const answer = await est.reenrol({ requestPem, pair: current, signal });
  const certificate = acceptCertificate(answer, { keyPem, deviceId, authorities, now: clock.now() });
  const candidate = { keyPem, certificatePem: certificate.toString() };
  state.keepCandidate(candidate);
  return candidate;
}
