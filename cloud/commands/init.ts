import { type GlobalOptions, print } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import { cloudFoldersOf } from '../folders.ts';
import { initCloud } from '../init.ts';

/** `init`: says where the parts will listen. */
export async function init(
  options: GlobalOptions,
  flags: { readonly portBase?: number; readonly advertiseBase?: number; readonly site?: string },
): Promise<void> {
  const { site, hostName, ports } = await initCloud(cloudFoldersOf(options.data), flags, systemClock);
  const text = `Cloud of ${site} on ${hostName}: MQTT ${ports.mqtt}, HTTPS ${ports.https}, EST ${ports.est}.`;
  print(options, { site, hostName, ports }, () => text);
}
