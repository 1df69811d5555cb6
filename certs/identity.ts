import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { CompactSign } from 'jose';
import type { SignAsDevice } from '../protocol/link.ts';

/** An operational certificate with its key, as the appliance presents it over TLS. */
export interface DeviceCredential {
  readonly deviceId: string;
  readonly certificatePem: string;
  /** PKCS#8, PEM. A secret. */
  readonly keyPem: string;
  /** The bundle's CA certificates: what servers are checked against, instead of the system's. */
  readonly caPem: string;
  readonly notAfter: Date;
}

/** An enrolled appliance: who it is, and which hub it belongs to. */
export interface OperationalIdentity extends DeviceCredential {
  /** Host name of the hub that DPS assigned. */
  readonly assignedHub: string;
}

/** Signs as the device: compact JWS, RS256, with the certificate (`x5c`, leaf only) and its SHA-256 (`x5t#S256`). */
export function signAsDevice(identity: Pick<DeviceCredential, 'certificatePem' | 'keyPem'>): SignAsDevice {
  const key = createPrivateKey(identity.keyPem);
  const { raw } = new X509Certificate(identity.certificatePem);
  const header = {
    alg: 'RS256',
    x5c: [raw.toString('base64')],
    'x5t#S256': createHash('sha256').update(raw).digest('base64url'),
  };
  return (payload) => new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(key);
}
