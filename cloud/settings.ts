import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import { writeFileDurable } from '../core/files.ts';

export class SettingsError extends GatewayError<'SETTINGS_MISSING' | 'SETTINGS_INVALID' | 'PORTS_DIFFER'> {}

const port = z.int().min(1).max(65_535);

/** `cloud.json`: what hub, EST server and receiver of one cloud folder agree on. Mode 0600, it holds keys. */
export const cloudSettingsSchema = z.strictObject({
  v: z.literal(1),
  site: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  /** Name that appliances connect to; in the server certificate. */
  hostName: z.hostname(),
  listen: z.ipv4(),
  ports: z.strictObject({ mqtt: port, https: port, est: port }),
  /** The ports as appliances see them: differ where a proxy or NAT stands between. */
  advertised: z.strictObject({ mqtt: port, https: port, est: port }),
  idScope: z.string(),
  serviceKey: z.base64(),
  storageAccount: z.strictObject({ name: z.string(), key: z.base64() }),
});
export type CloudSettings = z.infer<typeof cloudSettingsSchema>;

export const defaultPortBase = 18_880;

type Ports = CloudSettings['ports'];

/** The three ports that start at a base: MQTT, HTTPS (hub and blobs), EST. */
export function portsFrom(base: number): Ports {
  return { mqtt: base, https: base + 1, est: base + 2 };
}

export function newSettings(wish: {
  readonly site: string;
  readonly ports: Ports;
  readonly advertised: Ports;
}): CloudSettings {
  const key = (bytes: number) => randomBytes(bytes).toString('base64');
  return {
    v: 1,
    site: wish.site,
    hostName: 'localhost',
    listen: '127.0.0.1',
    ports: wish.ports,
    advertised: wish.advertised,
    idScope: `0ne${randomBytes(4).toString('hex').toUpperCase()}`,
    serviceKey: key(48),
    storageAccount: { name: 'vestibule', key: key(64) },
  };
}

export function readSettings(path: string): CloudSettings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SettingsError('SETTINGS_MISSING', 'there is no cloud in this data folder', {
      hint: 'Start one with `vestibule-cloud run`, or name the right folder with --data.',
      cause,
    });
  }
  const result = cloudSettingsSchema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => issue.path.join('.'));
  throw new SettingsError('SETTINGS_INVALID', `cloud.json is not valid: ${fields.join(', ')}`, {
    hint: 'Restore it from a backup; the keys in it cannot be guessed.',
  });
}

export function writeSettings(path: string, settings: CloudSettings): void {
  writeFileDurable(path, `${JSON.stringify(cloudSettingsSchema.parse(settings), null, 2)}\n`);
}
