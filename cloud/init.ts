import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { makeFolder, writeFileDurable } from '../core/files.ts';
import { type HubSettings, hubSettingsSchema } from '../hub/index.ts';
import { createReceiverKeys, type ReceiverSettings, receiverSettingsSchema } from '../receiver/index.ts';
import { DevelopmentCa, type ServerCertificate } from './ca/index.ts';
import type { CloudFolders } from './folders.ts';
import {
  type CloudSettings,
  defaultPortBase,
  newSettings,
  portsFrom,
  readSettings,
  SettingsError,
  writeSettings,
} from './settings.ts';

interface Wish {
  readonly portBase?: number;
  readonly advertiseBase?: number;
  readonly site?: string;
}

/** Prepares a cloud folder, or recognises one: authorities, keys and settings are made once and then kept. */
export async function initCloud(folders: CloudFolders, wish: Wish, clock: Clock): Promise<CloudSettings> {
  for (const folder of [folders.folder, folders.hub, folders.receiver, folders.enrolments]) await makeFolder(folder);
  const settings = existsSync(folders.settings) ? readSettings(folders.settings) : await create(folders, wish);
  refuseOtherPorts(settings, wish);
  const ca = await DevelopmentCa.open({ folder: folders.ca, clock });
  if (!existsSync(folders.receiverSettings)) await createReceiverSettings(folders, settings, ca);
  return settings;
}

async function create(folders: CloudFolders, wish: Wish): Promise<CloudSettings> {
  const ports = portsFrom(wish.portBase ?? defaultPortBase);
  const advertised = wish.advertiseBase === undefined ? ports : portsFrom(wish.advertiseBase);
  writeSettings(folders.settings, newSettings({ site: wish.site ?? 'site-1', ports, advertised }));
  return readSettings(folders.settings);
}

/** Enrolled appliances know the ports, so they cannot be changed in passing. */
function refuseOtherPorts(settings: CloudSettings, wish: Wish): void {
  if (wish.portBase === undefined || wish.portBase === settings.ports.mqtt) return;
  throw new SettingsError('PORTS_DIFFER', `this cloud uses ports from ${settings.ports.mqtt}, not ${wish.portBase}`, {
    hint: 'Leave --port-base away, or choose another data folder.',
  });
}

async function createReceiverSettings(
  folders: CloudFolders,
  settings: CloudSettings,
  ca: DevelopmentCa,
): Promise<void> {
  const { name: account, key } = settings.storageAccount;
  const { hostName: host, ports, serviceKey } = settings;
  const found = receiverSettingsSchema.parse({
    hub: { host, httpsPort: ports.https, caPem: ca.server.certificatePem, serviceKey },
    storage: { account, key },
    operationalCaPem: ca.operational.certificatePem,
    keys: await createReceiverKeys(),
  });
  writeFileDurable(folders.receiverSettings, `${JSON.stringify(found, null, 2)}\n`);
}

/** The receiver's own settings: all that its process reads. */
export function readReceiverSettings(folders: CloudFolders): ReceiverSettings {
  return receiverSettingsSchema.parse(JSON.parse(readFileSync(folders.receiverSettings, 'utf8')));
}

/** What the hub's process needs, from the cloud's settings and authorities. */
export function hubSettingsOf(settings: CloudSettings, ca: DevelopmentCa, tls: ServerCertificate): HubSettings {
  const { hostName, listen, ports, advertised, idScope, serviceKey, storageAccount } = settings;
  return hubSettingsSchema.parse({
    hostName,
    listen,
    mqttPort: ports.mqtt,
    httpsPort: ports.https,
    advertised: { host: hostName, mqttPort: advertised.mqtt, httpsPort: advertised.https },
    tls: { certPem: tls.certificatePem, keyPem: tls.keyPem },
    deviceCaPem: ca.operational.certificatePem,
    idScope,
    serviceKey,
    storageAccount,
  });
}

/** A server certificate is issued anew when a third of its life is left, or less. */
export async function serverCertificate(
  folders: CloudFolders,
  settings: CloudSettings,
  ca: DevelopmentCa,
  clock: Clock,
): Promise<ServerCertificate> {
  const path = join(folders.ca, 'server-credentials.json');
  if (existsSync(path)) {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as ServerCertificate;
    const { validFromDate, validToDate } = new X509Certificate(kept.certificatePem);
    const left = (validToDate.getTime() - clock.now().getTime()) / (validToDate.getTime() - validFromDate.getTime());
    if (left > 1 / 3) return kept;
  }
  const issued = await ca.issueServerCertificate([settings.hostName, settings.listen]);
  writeFileDurable(path, JSON.stringify(issued));
  return issued;
}
