import { X509Certificate } from 'node:crypto';
import { CertsError } from './errors.ts';

/** The certificates of a certs-only PKCS#7 in base64, as EST answers (RFC 7030, 4.1.3 and 4.2.3). */
export async function readCertsOnly(base64: string): Promise<X509Certificate[]> {
  const [asn1js, { Certificate, ContentInfo, SignedData }] = await Promise.all([import('asn1js'), import('pkijs')]);
  try {
    const { offset, result } = asn1js.fromBER(Buffer.from(base64, 'base64'));
    if (offset === -1) throw new Error('the answer is not BER');
    const content = new ContentInfo({ schema: result });
    if (content.contentType !== ContentInfo.SIGNED_DATA) throw new Error('the answer is not signed data');
    const { certificates = [] } = new SignedData({ schema: content.content });
    return certificates
      .filter((entry) => entry instanceof Certificate)
      .map((entry) => new X509Certificate(Buffer.from(entry.toSchema().toBER(false))));
  } catch (cause) {
    throw new CertsError('ANSWER_INVALID', 'expected certificates in a PKCS#7 answer', cause);
  }
}
