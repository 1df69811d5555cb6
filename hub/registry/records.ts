import type { DeviceCertificate } from '../identity/certificate.ts';
import type { DeviceRow, EnrolmentRow } from './schema.ts';

/** A device that may ask DPS for its hub. */
export interface Enrolment {
  readonly registrationId: string;
  readonly enabled: boolean;
  readonly createdAt: string;
}

/** A device that the hub knows. Times are ISO 8601, UTC. */
export interface DeviceRecord {
  readonly deviceId: string;
  readonly enabled: boolean;
  readonly connected: boolean;
  readonly lastSeenAt?: string;
  /** The certificate it last presented. */
  readonly certificate?: DeviceCertificate;
  readonly createdAt: string;
  /** Changes when the device is removed and made again: what belonged to the old one is not the new one's. */
  readonly generationId: string;
  readonly etag: string;
  readonly statusReason?: string;
  readonly statusUpdatedAt: string;
  readonly connectionUpdatedAt?: string;
}

export function readEnrolment(row: EnrolmentRow): Enrolment {
  return { registrationId: row.registration_id, enabled: row.enabled === 1, createdAt: row.created_at };
}

export function readDevice(row: DeviceRow, hubRuns: boolean): DeviceRecord {
  return {
    deviceId: row.device_id,
    enabled: row.enabled === 1,
    connected: hubRuns && row.connected === 1,
    createdAt: row.created_at,
    generationId: row.generation_id,
    etag: row.etag,
    statusUpdatedAt: row.status_updated_at,
    ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at }),
    ...(row.certificate === null ? {} : { certificate: JSON.parse(row.certificate) as DeviceCertificate }),
    ...(row.status_reason === null ? {} : { statusReason: row.status_reason }),
    ...(row.connection_updated_at === null ? {} : { connectionUpdatedAt: row.connection_updated_at }),
  };
}
