import { z } from 'zod';
import { deviceIdSchema } from './ids.ts';

export const maxBundleBytes = 64 * 1024;

/** A public EC key on P-256 (RFC 7517), with the name others use for it. */
export const publicKeySchema = z.strictObject({
  kid: z.string().min(1).max(200),
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().max(64),
  y: z.string().max(64),
});
export type PublicKey = z.infer<typeof publicKeySchema>;

const pem = z.string().startsWith('-----BEGIN CERTIFICATE-----').max(20_000);
const port = z.int().min(1).max(65_535);

/**
 * What an appliance is told once, by hand: whom to trust and where to enrol. The passphrase of the onboarding PKCS#12
 * travels separately. Carried as flattened JWS JSON (ES256, header `jwk`), shown by its fingerprint before use.
 */
export const bundleSchema = z.strictObject({
  v: z.literal(1),
  site: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  device: deviceIdSchema,
  issuedAt: z.iso.datetime(),
  /** CA certificates (PEM, concatenated) that the servers below are checked against. */
  serverCa: pem,
  est: z.strictObject({ url: z.url({ protocol: /^https$/ }) }),
  dps: z.strictObject({ host: z.string().min(1).max(253), port, idScope: z.string().min(1).max(64) }),
  hub: z.strictObject({ mqttPort: port, httpsPort: port }),
  /** Keys whose signature on a receipt is believed (ES256). */
  receiptKeys: z.array(publicKeySchema).min(1).max(8),
  /** The receiver's transit keys: archives are sealed for each (ECDH-ES+A256KW). */
  recipients: z.array(publicKeySchema).min(1).max(8),
  /** PKCS#12 with the single-use onboarding key pair, base64. */
  onboarding: z.strictObject({ pkcs12: z.base64().max(20_000) }),
});
export type Bundle = z.infer<typeof bundleSchema>;
