import { type GlobalOptions, print, table } from '../../core/cli.ts';
import { openRegistry } from '../../hub/index.ts';
import { cloudFoldersOf } from '../folders.ts';
import { readSettings } from '../settings.ts';

/** `devices`: read from the hub's registry, so it answers with the hub dead or alive. */
export async function listDevices(options: GlobalOptions): Promise<void> {
  const folders = cloudFoldersOf(options.data);
  readSettings(folders.settings);
  const registry = await openRegistry(folders.hub);
  try {
    const devices = registry.devices();
    print(options, devices, () =>
      devices.length === 0
        ? 'No device yet.'
        : table(
            devices.map((device) => [
              device.deviceId,
              device.enabled ? 'enabled' : 'disabled',
              device.connected ? 'online' : 'offline',
              device.lastSeenAt ?? 'never seen',
            ]),
          ),
    );
  } finally {
    registry.close();
  }
}
