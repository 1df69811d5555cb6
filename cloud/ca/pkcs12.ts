import { type KeyObject, randomInt, type X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import {
  Attribute,
  AuthenticatedSafe,
  CertBag,
  Certificate,
  PFX,
  PKCS8ShroudedKeyBag,
  SafeBag,
  SafeContents,
} from 'pkijs';

/** A key pair for transport, and the words that open it; the two travel on different ways. */
export interface Pkcs12 {
  /** DER. */
  readonly bytes: Uint8Array;
  readonly passphrase: string;
}

/**
 * Packs key and certificate as PKCS#12 (RFC 7292) under a fresh passphrase of 100 random bits. The key is encrypted
 * with AES-256 (PBES2), the whole authenticated by HMAC-SHA-256. Not by node-forge: it would write the certificate
 * anew with other signature parameters, and an ECDSA signature does not survive that.
 */
export async function packPkcs12(privateKey: KeyObject, certificate: X509Certificate): Promise<Pkcs12> {
  const passphrase = newPassphrase();
  const password = Uint8Array.from(Buffer.from(passphrase, 'ascii')).buffer;
  const safe = new AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        { privacyMode: 0, value: new SafeContents({ safeBags: [certificateBag(certificate)] }) },
        { privacyMode: 0, value: new SafeContents({ safeBags: [keyBag(privateKey, passphrase)] }) },
      ],
    },
  });
  await safe.makeInternalValues({ safeContents: [{}, {}] });
  const container = new PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } });
  const integrity = { iterations, pbkdf2HashAlgorithm: 'SHA-256', hmacHashAlgorithm: 'SHA-256' };
  await container.makeInternalValues({ password, ...integrity });
  return { bytes: Buffer.from(container.toSchema().toBER(false)), passphrase };
}

const digits = 'abcdefghijkmnpqrstuvwxyz23456789';
/** Few, because the passphrase is random: guessing 100 bits is out of reach at any count. */
const iterations = 2048;

const oids = {
  localKeyId: '1.2.840.113549.1.9.21',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
} as const;

/** The key as an encrypted PKCS#8, which OpenSSL writes in one primitive string; node-forge reads no other. */
function keyBag(privateKey: KeyObject, passphrase: string): SafeBag {
  const der = privateKey.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase });
  const bagValue = new PKCS8ShroudedKeyBag({ schema: asn1js.fromBER(der).result });
  return new SafeBag({ bagId: oids.shroudedKeyBag, bagValue, bagAttributes: [localKeyId()] });
}

function certificateBag(certificate: X509Certificate): SafeBag {
  const parsedValue = new Certificate({ schema: asn1js.fromBER(certificate.raw).result });
  const bagValue = new CertBag({ parsedValue });
  return new SafeBag({ bagId: oids.certificateBag, bagValue, bagAttributes: [localKeyId()] });
}

/** Says that key and certificate belong together (RFC 2985, 5.5.2). */
function localKeyId(): Attribute {
  const values = [new asn1js.OctetString({ valueHex: Uint8Array.of(1).buffer })];
  return new Attribute({ type: oids.localKeyId, values });
}

/** Five groups of four from an alphabet of 32 without look-alikes: easy to read out, 100 bits. */
function newPassphrase(): string {
  const group = () => Array.from({ length: 4 }, () => digits[randomInt(digits.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}
