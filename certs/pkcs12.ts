import { createPrivateKey, X509Certificate } from 'node:crypto';
import type forgeModule from 'node-forge';
import { CertsError } from './errors.ts';

/** A private key (PKCS#8) and its certificate, PEM. */
export interface KeyPair {
  readonly keyPem: string;
  readonly certificatePem: string;
}

type Forge = typeof forgeModule;

/** Opens a PKCS#12 with an RSA key and its certificate. Throws BUNDLE_INVALID or WRONG_PASSPHRASE. */
export async function openPkcs12(der: Uint8Array, passphrase: string): Promise<KeyPair> {
  const { default: forge } = await import('node-forge');
  const container = decrypt(forge, der, passphrase);
  const keyPem = keyOf(forge, container);
  const key = createPrivateKey(keyPem);
  const certificate = certificatesOf(forge, container).find((candidate) => candidate.checkPrivateKey(key));
  if (certificate) return { keyPem, certificatePem: certificate.toString() };
  throw new CertsError('BUNDLE_INVALID', 'expected the certificate of the onboarding key beside it');
}

function decrypt(forge: Forge, der: Uint8Array, passphrase: string): forgeModule.pkcs12.Pkcs12Pfx {
  const asn1 = parse(forge, der);
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, passphrase);
  } catch (cause) {
    throw new CertsError('WRONG_PASSPHRASE', 'the onboarding key does not open with this passphrase', cause);
  }
}

function parse(forge: Forge, der: Uint8Array): forgeModule.asn1.Asn1 {
  try {
    return forge.asn1.fromDer(Buffer.from(der).toString('binary'));
  } catch (cause) {
    throw new CertsError('BUNDLE_INVALID', 'expected a PKCS#12 with the onboarding key', cause);
  }
}

function keyOf(forge: Forge, container: forgeModule.pkcs12.Pkcs12Pfx): string {
  const { pkcs8ShroudedKeyBag, keyBag } = forge.pki.oids as Record<string, string>;
  const bags = [pkcs8ShroudedKeyBag!, keyBag!].flatMap((bagType) => container.getBags({ bagType })[bagType] ?? []);
  const key = bags.find((bag) => bag.key)?.key;
  if (!key) throw new CertsError('BUNDLE_INVALID', 'expected an RSA key in the onboarding PKCS#12');
  return forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)));
}

/**
 * node-forge parses certificates signed with RSA and hands over the others as they are; either way the bytes are what
 * `node:crypto` judges.
 */
function certificatesOf(forge: Forge, container: forgeModule.pkcs12.Pkcs12Pfx): X509Certificate[] {
  const bagType = forge.pki.oids.certBag as string;
  const bags = container.getBags({ bagType })[bagType] ?? [];
  return bags.map(({ cert, asn1 }) => {
    const der = forge.asn1.toDer(cert ? forge.pki.certificateToAsn1(cert) : asn1).getBytes();
    return new X509Certificate(Buffer.from(der, 'binary'));
  });
}
