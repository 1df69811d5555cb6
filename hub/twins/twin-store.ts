import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Database } from '../../core/database.ts';
import { HubError } from '../errors.ts';
import { isObject, type Json, type JsonObject, objectOf } from './json.ts';
import { checkTwinJson, checkTwinSize, maxPropertiesBytes, maxTagsBytes } from './limits.ts';
import { emptySection, mergePatch, patchSection, replacementPatch, replaceSection, type Section } from './section.ts';

/** A device's twin. `version` counts every change, `etag` those of the service. */
export interface Twin {
  readonly deviceId: string;
  readonly generationId: string;
  readonly etag: string;
  readonly version: number;
  readonly tags: JsonObject;
  readonly desired: Section;
  readonly reported: Section;
}

/** What a service changes: absent = stays, null = emptied. */
export interface TwinChange {
  readonly tags?: Json;
  readonly desired?: Json;
}

/** The twin after a service's change, and the desired patch that the device is told, if there is one. */
export interface TwinChanged {
  readonly twin: Twin;
  readonly push?: JsonObject;
}

interface Owner {
  readonly deviceId: string;
  readonly generationId: string;
}

interface TwinRow {
  readonly device_id: string;
  readonly generation_id: string;
  readonly etag: string;
  readonly version: number;
  readonly tags: string;
  readonly desired: string;
  readonly reported: string;
}

/** Twins on disk. A change is durable when its call returns; one that is refused changes nothing. */
export class TwinStore {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The twin of a registered device; a fresh one when it has none yet. */
  of({ deviceId, generationId }: Owner): Twin {
    const row = this.#db.prepare('SELECT * FROM twins WHERE device_id = ?').get(deviceId) as TwinRow | undefined;
    if (row?.generation_id === generationId) return readTwin(row);
    const at = this.#now();
    return {
      deviceId,
      generationId,
      etag: firstEtag,
      version: 1,
      tags: {},
      desired: emptySection({ at, version: 1 }),
      reported: emptySection({ at }),
    };
  }

  /** Applies what a device reports. Throws TwinError when it is malformed or too large. */
  report(owner: Owner, json: Json): Twin {
    const patch = withoutMeta(json);
    checkTwinJson(patch);
    const before = this.of(owner);
    const reported = patchSection(before.reported, patch, { at: this.#now() });
    checkTwinSize(reported.value, maxPropertiesBytes, 'reported properties');
    return this.#save({ ...before, version: before.version + 1, reported });
  }

  /** Applies a service's patch (`PATCH`) or puts whole new sections in place (`PUT`); `etag` absent = whatever it is. */
  change(owner: Owner, kind: 'patch' | 'replace', change: TwinChange, etag?: string): TwinChanged {
    const before = this.of(owner);
    if (etag !== undefined && etag !== before.etag) {
      throw new HubError('PRECONDITION_FAILED', 'the twin has changed since it was read');
    }
    const tags = change.tags === undefined ? before.tags : changedTags(before.tags, kind, change.tags);
    const changed = change.desired === undefined ? undefined : this.#changedDesired(before, kind, change.desired);
    const twin = this.#save({
      ...before,
      etag: newEtag(),
      version: before.version + 1,
      tags,
      desired: changed?.desired ?? before.desired,
    });
    return { twin, ...(changed ? { push: changed.push } : {}) };
  }

  remove(deviceId: string): void {
    this.#db.prepare('DELETE FROM twins WHERE device_id = ?').run(deviceId);
  }

  #changedDesired(before: Twin, kind: 'patch' | 'replace', json: Json): { desired: Section; push: JsonObject } {
    const replaces = kind === 'replace' || json === null;
    const wanted = withoutMeta(json ?? {});
    checkTwinJson(wanted);
    const stamp = { at: this.#now(), version: before.desired.version + 1 };
    const desired = (replaces ? replaceSection : patchSection)(before.desired, wanted, stamp);
    checkTwinSize(desired.value, maxPropertiesBytes, 'desired properties');
    return { desired, push: replaces ? replacementPatch(before.desired.value, desired.value) : wanted };
  }

  #save(twin: Twin): Twin {
    this.#db
      .prepare('INSERT OR REPLACE INTO twins VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(
        twin.deviceId,
        twin.generationId,
        twin.etag,
        twin.version,
        JSON.stringify(twin.tags),
        JSON.stringify(twin.desired),
        JSON.stringify(twin.reported),
      );
    return twin;
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }
}

function changedTags(before: JsonObject, kind: 'patch' | 'replace', json: Json): JsonObject {
  const wanted = json ?? {};
  checkTwinJson(wanted);
  const tags = mergePatch(kind === 'replace' || json === null ? {} : before, wanted);
  checkTwinSize(tags, maxTagsBytes, 'tags');
  return tags;
}

/** Readers send back what they were told: `$metadata` and `$version` are the hub's and are not changes. */
function withoutMeta(json: Json): Json {
  if (!isObject(json)) return json;
  return objectOf(Object.entries(json).filter(([key]) => key !== '$metadata' && key !== '$version'));
}

function readTwin(row: TwinRow): Twin {
  return {
    deviceId: row.device_id,
    generationId: row.generation_id,
    etag: row.etag,
    version: row.version,
    tags: JSON.parse(row.tags) as JsonObject,
    desired: JSON.parse(row.desired) as Section,
    reported: JSON.parse(row.reported) as Section,
  };
}

/** Of a twin that nobody has changed yet, so that it reads the same each time. */
const firstEtag = 'AAAAAAAAAAE=';

function newEtag(): string {
  return randomBytes(6).toString('base64');
}
