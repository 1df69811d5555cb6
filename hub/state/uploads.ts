import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Database } from '../../core/database.ts';
import { HubError } from '../errors.ts';

export interface Upload {
  readonly correlationId: string;
  readonly blob: string;
  readonly expiresAt: Date;
}

/** How long a closed or expired upload is remembered, so that a repeated notification is still answered well. */
const rememberMs = 7 * 24 * 3600 * 1000;

/** The file uploads that devices have opened: at most so many at a time each, freed by notification or expiry. */
export class Uploads {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #limits: { readonly maxOpenUploads: number; readonly uploadSasSeconds: number };

  constructor(deps: {
    readonly db: Database;
    readonly clock: Clock;
    readonly limits: { readonly maxOpenUploads: number; readonly uploadSasSeconds: number };
  }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#limits = deps.limits;
  }

  /** Throws TOO_MANY_UPLOADS when the device has as many open as it may. */
  open(deviceId: string, blob: string): Upload {
    const now = this.#clock.now().getTime();
    return this.#db
      .transaction((): Upload => {
        this.#forget(now);
        if (this.openOf(deviceId) >= this.#limits.maxOpenUploads) {
          throw new HubError(
            'TOO_MANY_UPLOADS',
            `this device has ${this.#limits.maxOpenUploads} uploads open already`,
            {
              hint: 'Notify the hub of finished or abandoned uploads, or wait until their SAS expires.',
            },
          );
        }
        const expiresAt = now + this.#limits.uploadSasSeconds * 1000;
        const correlationId = randomUUID();
        this.#db
          .prepare('INSERT INTO uploads VALUES (?, ?, ?, ?, ?, NULL, NULL)')
          .run(correlationId, deviceId, blob, now, expiresAt);
        return { correlationId, blob, expiresAt: new Date(expiresAt) };
      })
      .immediate();
  }

  /** Frees the upload's place. Closing it again changes nothing; one that never was throws UPLOAD_NOT_FOUND. */
  close(deviceId: string, correlationId: string, succeeded: boolean): void {
    const known = this.#db
      .prepare('SELECT 1 FROM uploads WHERE correlation_id = ? AND device_id = ?')
      .get(correlationId, deviceId);
    if (!known) throw new HubError('UPLOAD_NOT_FOUND', 'this device has no upload with this correlation id');
    this.#db
      .prepare('UPDATE uploads SET closed_at_ms = ?, succeeded = ? WHERE correlation_id = ? AND closed_at_ms IS NULL')
      .run(this.#clock.now().getTime(), Number(succeeded), correlationId);
  }

  /** How many uploads of a device are open now. */
  openOf(deviceId: string): number {
    const row = this.#db
      .prepare('SELECT count(*) AS n FROM uploads WHERE device_id = ? AND closed_at_ms IS NULL AND expires_at_ms > ?')
      .get(deviceId, this.#clock.now().getTime());
    return (row as { n: number }).n;
  }

  #forget(nowMs: number): void {
    this.#db.prepare('DELETE FROM uploads WHERE expires_at_ms < ?').run(nowMs - rememberMs);
  }
}
