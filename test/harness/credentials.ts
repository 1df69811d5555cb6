import { generateKeyPair, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DevelopmentCa } from '../../cloud/ca/index.ts';
import { cloudFoldersOf } from '../../cloud/folders.ts';
import { systemClock } from '../../core/clock.ts';
import { openRegistry } from '../../hub/index.ts';
import type { Site } from './site.ts';

const generate = promisify(generateKeyPair);
const dayMs = 86_400_000;

/** What a device needs to speak to a site's hub. */
export interface Credentials {
  readonly host: string;
  readonly mqttPort: number;
  readonly httpsPort: number;
  readonly deviceId: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/**
 * Credentials of a device that the site's hub knows, made without the enrolment. `caFolder`: another authority than
 * the site's; `lifeMs`: negative for an expired certificate.
 */
export async function makeCredentials(
  site: Site,
  deviceId: string,
  options: { readonly caFolder?: string; readonly lifeMs?: number; readonly register?: boolean } = {},
): Promise<Credentials> {
  const folders = cloudFoldersOf(site.data);
  const ca = await DevelopmentCa.open({ folder: folders.ca, clock: systemClock });
  const issuer =
    options.caFolder === undefined ? ca : await DevelopmentCa.open({ folder: options.caFolder, clock: systemClock });
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: 3072 });
  const certificate = await issuer.operational.issue({
    commonName: deviceId,
    publicKey: publicKey as KeyObject,
    purpose: { kind: 'device' },
    lifeMs: options.lifeMs ?? dayMs,
  });
  if (options.register ?? true) await register(join(folders.hub), deviceId);
  return {
    host: 'localhost',
    mqttPort: site.ports.mqtt,
    httpsPort: site.ports.https,
    deviceId,
    cert: certificate.toString(),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    ca: ca.server.certificatePem,
  };
}

async function register(hubFolder: string, deviceId: string): Promise<void> {
  const registry = await openRegistry(hubFolder);
  try {
    if (!registry.device(deviceId)) registry.createDevice(deviceId);
  } finally {
    registry.close();
  }
}
