import type { Clock } from '../core/clock.ts';
import { runUntilSignalled, Services } from '../core/lifecycle.ts';
import { openLog } from '../core/log.ts';
import type { Announce } from '../core/milestones.ts';
import { Hub, openRegistry } from '../hub/index.ts';
import { DevelopmentCa } from './ca/index.ts';
import { Approvals, EstServer } from './est/index.ts';
import type { CloudFolders } from './folders.ts';
import { hubSettingsOf, initCloud, serverCertificate } from './init.ts';

interface Deps {
  readonly folders: CloudFolders;
  readonly clock: Clock;
  readonly announce: Announce;
  readonly autoApprove: boolean;
}

/** The hub's process: embedded IoT hub, certificate authority and EST server. Runs until it is signalled. */
export async function runHub({ folders, clock, announce, autoApprove }: Deps): Promise<void> {
  const settings = await initCloud(folders, {}, clock);
  const log = openLog({ file: folders.hubLog });
  const ca = await DevelopmentCa.open({ folder: folders.ca, clock });
  const tls = await serverCertificate(folders, settings, ca, clock);
  const hub = new Hub({ clock, log, folder: folders.hub, settings: hubSettingsOf(settings, ca, tls) });
  const registry = await openRegistry(folders.hub, clock);
  const approvals = new Approvals({
    path: folders.approvals,
    clock,
    autoApprove,
    onAutoApproved: (device) =>
      announce({
        event: 'approved',
        text: `Approved ${device}: automatically, as it is a local start.`,
        details: { device },
      }),
  });
  const est = new EstServer({
    ca,
    approvals,
    tls,
    host: settings.listen,
    port: settings.ports.est,
    clock,
    log,
    retryAfterSeconds: autoApprove ? 1 : 10,
    // Known to DPS before its certificate arrives there; idempotent, and never enables what was disabled.
    onApproved: async (device) => void registry.enrol({ registrationId: device }),
    isRevoked: (device) => registry.device(device)?.enabled === false,
  });
  const services = new Services([hub, est]);
  await services.start();
  const { hostName, ports } = settings;
  announce({
    event: 'hub-listening',
    text: `Hub on ${hostName}: MQTT ${ports.mqtt}, HTTPS ${ports.https}; enrolment (EST) ${ports.est}.`,
    details: { host: hostName, ...ports },
  });
  await runUntilSignalled(() => services.stop());
  approvals.close();
  registry.close();
}
