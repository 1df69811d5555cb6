import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import * as asn1js from 'asn1js';
import { AltName, AuthorityKeyIdentifier, BasicConstraints, Extension, ExtKeyUsage, GeneralName } from 'pkijs';

/** What a certificate is for; decides its extensions (RFC 5280, 4.2.1). */
export type Purpose =
  | { readonly kind: 'authority' }
  | { readonly kind: 'server'; readonly names: readonly string[] }
  | { readonly kind: 'device' };

/** Extensions of a certificate for `purpose`. Key identifiers are 160 bits of SHA-256 (RFC 7093, method 1). */
export function extensionsFor(purpose: Purpose, subjectKey: Uint8Array, issuerKey: Uint8Array): Extension[] {
  const common = [
    extension(oids.subjectKeyIdentifier, false, new asn1js.OctetString({ valueHex: keyIdentifier(subjectKey) })),
    extension(oids.authorityKeyIdentifier, false, authorityKey(issuerKey)),
  ];
  switch (purpose.kind) {
    case 'authority':
      return [basicConstraints(true), keyUsage(usage.certificateSign | usage.crlSign), ...common];
    case 'server':
      return [
        basicConstraints(false),
        keyUsage(usage.digitalSignature),
        extendedUsage(oids.serverAuth),
        extension(oids.subjectAltName, false, new AltName({ altNames: purpose.names.map(generalName) }).toSchema()),
        ...common,
      ];
    case 'device':
      return [basicConstraints(false), keyUsage(usage.digitalSignature), extendedUsage(oids.clientAuth), ...common];
  }
}

const oids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Bits of the first octet of KeyUsage (RFC 5280, 4.2.1.3). */
const usage = { digitalSignature: 0x80, certificateSign: 0x04, crlSign: 0x02 } as const;

function keyUsage(bits: number): Extension {
  const unusedBits = 31 - Math.clz32(bits & -bits);
  return extension(oids.keyUsage, true, new asn1js.BitString({ valueHex: Uint8Array.of(bits).buffer, unusedBits }));
}

function basicConstraints(cA: boolean): Extension {
  const constraints = cA ? new BasicConstraints({ cA, pathLenConstraint: 0 }) : new BasicConstraints({ cA });
  return extension(oids.basicConstraints, true, constraints.toSchema());
}

function extendedUsage(purpose: string): Extension {
  return extension(oids.extendedKeyUsage, false, new ExtKeyUsage({ keyPurposes: [purpose] }).toSchema());
}

function authorityKey(issuerKey: Uint8Array): asn1js.BaseBlock {
  const keyIdentifierBlock = new asn1js.OctetString({ valueHex: keyIdentifier(issuerKey) });
  return new AuthorityKeyIdentifier({ keyIdentifier: keyIdentifierBlock }).toSchema();
}

/** An IP address as iPAddress, anything else as dNSName. */
function generalName(name: string): GeneralName {
  const family = isIP(name);
  if (family === 0) return new GeneralName({ type: 2, value: name });
  return new GeneralName({ type: 7, value: new asn1js.OctetString({ valueHex: addressBytes(name, family) }) });
}

function addressBytes(address: string, family: number): ArrayBuffer {
  if (family === 4) return Uint8Array.from(address.split('.'), Number).buffer;
  // The URL parser normalises: dotted tails become groups, zones are refused.
  const [head = '', tail] = new URL(`https://[${address}]`).hostname.slice(1, -1).split('::');
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const groups = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])).buffer;
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function keyIdentifier(key: Uint8Array): ArrayBuffer {
  return Uint8Array.from(createHash('sha256').update(key).digest().subarray(0, 20)).buffer;
}

function extension(extnID: string, critical: boolean, value: asn1js.BaseBlock): Extension {
  return new Extension({ extnID, critical, extnValue: value.toBER(false) });
}
