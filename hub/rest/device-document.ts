import type { DeviceRecord } from '../registry/records.ts';

const never = '0001-01-01T00:00:00Z';

/** A device as the service REST API tells it. */
export function deviceDocument(device: DeviceRecord): object {
  return {
    deviceId: device.deviceId,
    generationId: device.generationId,
    etag: device.etag,
    connectionState: device.connected ? 'Connected' : 'Disconnected',
    status: device.enabled ? 'enabled' : 'disabled',
    statusReason: device.statusReason ?? null,
    connectionStateUpdatedTime: device.connectionUpdatedAt ?? never,
    statusUpdatedTime: device.statusUpdatedAt,
    lastActivityTime: device.lastSeenAt ?? never,
    cloudToDeviceMessageCount: 0,
    authentication: {
      type: 'certificateAuthority',
      symmetricKey: { primaryKey: null, secondaryKey: null },
      x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
    },
    capabilities: { iotEdge: false },
  };
}
