import type { DeviceRecord } from '../registry/records.ts';
import type { JsonObject } from './json.ts';
import type { Section } from './section.ts';
import type { Twin } from './twin-store.ts';

/** The twin as the device gets it over MQTT: no metadata. */
export function deviceTwinDocument(twin: Twin): object {
  return { desired: versioned(twin.desired), reported: versioned(twin.reported) };
}

/** The twin as the service REST API tells it. */
export function serviceTwinDocument(twin: Twin, device: DeviceRecord): object {
  return {
    deviceId: twin.deviceId,
    etag: twin.etag,
    deviceEtag: device.etag,
    status: device.enabled ? 'enabled' : 'disabled',
    statusUpdateTime: device.statusUpdatedAt,
    connectionState: device.connected ? 'Connected' : 'Disconnected',
    lastActivityTime: device.lastSeenAt ?? '0001-01-01T00:00:00Z',
    cloudToDeviceMessageCount: 0,
    authenticationType: 'certificateAuthority',
    x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
    modelId: '',
    version: twin.version,
    tags: twin.tags,
    properties: { desired: described(twin.desired), reported: described(twin.reported) },
    capabilities: { iotEdge: false },
  };
}

/** A desired patch as it is pushed to the device. */
export function desiredPush(patch: JsonObject, version: number): object {
  return { ...patch, $version: version };
}

function versioned(section: Section): object {
  return { ...section.value, $version: section.version };
}

function described(section: Section): object {
  return { ...section.value, $metadata: section.metadata, $version: section.version };
}
