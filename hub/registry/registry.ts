import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { type Database, openStore } from '../../core/database.ts';
import { makeFolder } from '../../core/files.ts';
import { deviceIdSchema } from '../../protocol/ids.ts';
import type { DeviceCertificate } from '../identity/certificate.ts';
import { RegistryError } from './errors.ts';
import { claimFor, hubRuns } from './hub-claim.ts';
import { type DeviceRecord, type Enrolment, readDevice, readEnrolment } from './records.ts';
import { type DeviceRow, type EnrolmentRow, registryMigrations } from './schema.ts';

/**
 * Opens the registry in the hub's `folder`, making it if need be. Safe from several processes at once: the hub and the
 * command line each open their own.
 */
export async function openRegistry(folder: string, clock: Clock = systemClock): Promise<Registry> {
  await makeFolder(folder);
  return new Registry(openStore(join(folder, 'registry.db'), registryMigrations), clock);
}

/** Who may enrol and who is a device. Every change is on disk when the call returns. */
export class Registry {
  readonly database: Database;
  readonly #clock: Clock;
  readonly #bootId: string;
  #dataVersion: unknown;

  constructor(database: Database, clock: Clock) {
    this.database = database;
    this.#clock = clock;
    this.#bootId = clock.bootId;
    this.#dataVersion = this.#readDataVersion();
  }

  close(): void {
    this.database.close();
  }

  /** Lets a device register under this id (also the CN of its certificate). An existing enrolment stays as it is. */
  enrol({ registrationId }: { readonly registrationId: string }): Enrolment {
    if (!deviceIdSchema.safeParse(registrationId).success) {
      throw new RegistryError('BAD_ID', 'a device id has 1 to 64 of a-z 0-9 . _ - and starts with a letter or digit');
    }
    this.database
      .prepare('INSERT INTO enrolments VALUES (?, 1, ?) ON CONFLICT DO NOTHING')
      .run(registrationId, this.#now());
    return this.enrolment(registrationId) as Enrolment;
  }

  enrolment(registrationId: string): Enrolment | undefined {
    const row = this.database.prepare('SELECT * FROM enrolments WHERE registration_id = ?').get(registrationId);
    return row === undefined ? undefined : readEnrolment(row as EnrolmentRow);
  }

  enrolments(): readonly Enrolment[] {
    const rows = this.database.prepare('SELECT * FROM enrolments ORDER BY registration_id').all();
    return (rows as EnrolmentRow[]).map(readEnrolment);
  }

  devices(): readonly DeviceRecord[] {
    const rows = this.database.prepare('SELECT * FROM devices ORDER BY device_id').all() as DeviceRow[];
    const runs = hubRuns(this.database, this.#bootId);
    return rows.map((row) => readDevice(row, runs));
  }

  device(deviceId: string): DeviceRecord | undefined {
    const row = this.#row(deviceId);
    return row === undefined ? undefined : readDevice(row, hubRuns(this.database, this.#bootId));
  }

  /** True when the device exists and may connect; the short question asked for every connection and request. */
  mayConnect(deviceId: string): boolean {
    const row = this.database.prepare('SELECT enabled FROM devices WHERE device_id = ?').get(deviceId);
    return (row as { enabled: number } | undefined)?.enabled === 1;
  }

  /** Makes a device that authenticates by a certificate of the operational CA. */
  createDevice(deviceId: string, options: { readonly enabled?: boolean; readonly statusReason?: string } = {}) {
    if (!deviceIdSchema.safeParse(deviceId).success) throw new RegistryError('BAD_ID', 'not a device id');
    const now = this.#now();
    const made = this.database
      .prepare(
        `INSERT INTO devices (device_id, generation_id, etag, enabled, status_reason, status_updated_at, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(deviceId, newTag(), newTag(), Number(options.enabled ?? true), options.statusReason ?? null, now, now);
    if (made.changes === 0) throw new RegistryError('DEVICE_EXISTS', 'a device with this id is already registered');
    return this.device(deviceId) as DeviceRecord;
  }

  /** DPS: makes the device unless it exists, and keeps the certificate it came with. */
  assignDevice(deviceId: string, certificate: DeviceCertificate): DeviceRecord {
    return this.database
      .transaction(() => {
        if (!this.#row(deviceId)) this.createDevice(deviceId);
        this.#set(deviceId, 'certificate = ?', JSON.stringify(certificate));
        return this.device(deviceId) as DeviceRecord;
      })
      .immediate();
  }

  /** Enables or disables a device and its enrolment. Disabling ends its connection within `registryPollMs`. */
  setEnabled(deviceId: string, enabled: boolean, statusReason?: string): void {
    this.database
      .transaction(() => {
        const enrolments = this.database
          .prepare('UPDATE enrolments SET enabled = ? WHERE registration_id = ?')
          .run(Number(enabled), deviceId).changes;
        if (this.#row(deviceId)) this.#setStatus(deviceId, enabled, statusReason);
        else if (enrolments === 0) throw unknownDevice();
      })
      .immediate();
  }

  /** The REST side of it: only the device, only when `etag` is absent or still its own. */
  updateDevice(deviceId: string, enabled: boolean, statusReason: string | undefined, etag?: string): DeviceRecord {
    return this.database
      .transaction(() => {
        this.#requireEtag(deviceId, etag);
        this.#setStatus(deviceId, enabled, statusReason);
        return this.device(deviceId) as DeviceRecord;
      })
      .immediate();
  }

  removeDevice(deviceId: string, etag?: string): void {
    this.database
      .transaction(() => {
        this.#requireEtag(deviceId, etag);
        this.database.prepare('DELETE FROM devices WHERE device_id = ?').run(deviceId);
      })
      .immediate();
  }

  /**
   * The hub that starts names itself, so that `connected` means nothing once it is gone. Throws HUB_RUNS while another
   * process runs one on the same folder.
   */
  claimForHub(): void {
    this.database
      .transaction(() => {
        claimFor(this.database, process.pid, this.#bootId);
        this.database.prepare('UPDATE devices SET connected = 0').run();
      })
      .immediate();
  }

  noteConnected(deviceId: string, certificate: DeviceCertificate): void {
    const now = this.#now();
    const what = 'connected = 1, connection_updated_at = ?, last_seen_at = ?, certificate = ?';
    this.#set(deviceId, what, now, now, JSON.stringify(certificate));
  }

  noteDisconnected(deviceId: string, lastSeenAt: Date): void {
    const what = 'connected = 0, connection_updated_at = ?, last_seen_at = ?';
    this.#set(deviceId, what, this.#now(), lastSeenAt.toISOString());
  }

  noteSeen(deviceId: string, lastSeenAt: Date): void {
    this.#set(deviceId, 'last_seen_at = ?', lastSeenAt.toISOString());
  }

  /** True once after another process has changed the registry (SQLite, PRAGMA data_version). */
  changedElsewhere(): boolean {
    const before = this.#dataVersion;
    this.#dataVersion = this.#readDataVersion();
    return before !== this.#dataVersion;
  }

  #row(deviceId: string): DeviceRow | undefined {
    return this.database.prepare('SELECT * FROM devices WHERE device_id = ?').get(deviceId) as DeviceRow | undefined;
  }

  #set(deviceId: string, assignments: string, ...values: (string | number | null)[]): void {
    this.database.prepare(`UPDATE devices SET ${assignments} WHERE device_id = ?`).run(...values, deviceId);
  }

  #setStatus(deviceId: string, enabled: boolean, statusReason: string | undefined): void {
    const what = 'enabled = ?, status_reason = ?, status_updated_at = ?, etag = ?';
    this.#set(deviceId, what, Number(enabled), statusReason ?? null, this.#now(), newTag());
  }

  #requireEtag(deviceId: string, etag: string | undefined): void {
    const row = this.#row(deviceId);
    if (!row) throw unknownDevice();
    if (etag !== undefined && etag !== row.etag) {
      throw new RegistryError('ETAG_MISMATCH', 'the device has changed since it was read', {
        hint: 'Read it again and repeat the change.',
      });
    }
  }

  #readDataVersion(): unknown {
    return this.database.pragma('data_version', { simple: true });
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }
}

function unknownDevice(): RegistryError {
  return new RegistryError('UNKNOWN_DEVICE', 'no device or enrolment has this id', {
    hint: 'List the devices, or enrol it first.',
  });
}

function newTag(): string {
  return randomBytes(8).toString('base64');
}
