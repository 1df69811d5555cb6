import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import {
  type CertificateRefusal,
  type DeviceCertificate,
  judgeCertificate,
  type Peer,
} from '../identity/certificate.ts';
import type { Registry } from '../registry/registry.ts';
import { type ConnectName, isHostOf, readUserName } from './username.ts';

/** Why a CONNECT is refused: the reason code in the log. The peer learns no more than "not authorized". */
export type ConnectRefusal =
  | CertificateRefusal
  | 'malformed-user-name'
  | 'wrong-host'
  | 'wrong-id-scope'
  | 'password-not-accepted'
  | 'will-not-accepted'
  | 'client-id-mismatch'
  | 'certificate-of-another-device'
  | 'unknown-or-disabled-device';

export type Admission =
  | { readonly ok: true; readonly name: ConnectName; readonly certificate: DeviceCertificate }
  | { readonly ok: false; readonly reason: ConnectRefusal };

/** What a CONNECT says. */
export interface ConnectRequest {
  readonly clientId: string;
  readonly userName: string;
  readonly hasPassword: boolean;
  readonly hasWill: boolean;
}

export interface AdmissionDeps {
  readonly registry: Pick<Registry, 'mayConnect'>;
  readonly clock: Clock;
  readonly authorities: readonly X509Certificate[];
  readonly hostNames: readonly string[];
  readonly idScope: string;
}

/** Decides on a CONNECT by who the peer is (its certificate) and who it says it is (its user name and client id). */
export function admit(request: ConnectRequest, peer: Peer, deps: AdmissionDeps): Admission {
  const judgement = judgeCertificate(peer, deps.authorities, deps.clock.now());
  if (!judgement.ok) return judgement;
  const { certificate } = judgement;
  if (request.hasPassword) return refuse('password-not-accepted');
  if (request.hasWill) return refuse('will-not-accepted');
  const name = readUserName(request.userName);
  if (!name) return refuse('malformed-user-name');
  const id = name.kind === 'dps' ? name.registrationId : name.deviceId;
  if (id !== request.clientId) return refuse('client-id-mismatch');
  if (id !== certificate.commonName) return refuse('certificate-of-another-device');
  if (name.kind === 'dps') {
    return name.idScope === deps.idScope ? { ok: true, name, certificate } : refuse('wrong-id-scope');
  }
  if (!isHostOf(name.host, deps.hostNames)) return refuse('wrong-host');
  if (!deps.registry.mayConnect(id)) return refuse('unknown-or-disabled-device');
  return { ok: true, name, certificate };
}

function refuse(reason: ConnectRefusal): Admission {
  return { ok: false, reason };
}
