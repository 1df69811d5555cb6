import { isObject, type Json, type JsonObject, memberOf, objectOf } from './json.ts';

/**
 * One half of a twin's properties. `metadata` mirrors `value`: `$lastUpdated` (and for desired properties
 * `$lastUpdatedVersion`) at each member that ever changed.
 */
export interface Section {
  readonly value: JsonObject;
  readonly metadata: JsonObject;
  readonly version: number;
}

/** What stamps a change: the time, and the version where IoT Hub tells it. */
export interface Stamp {
  readonly at: string;
  readonly version?: number;
}

export function emptySection(stamp: Stamp): Section {
  return { value: {}, metadata: stampFields(stamp), version: 1 };
}

/** Applies a JSON merge patch (RFC 7386: null deletes) and counts the version up. */
export function patchSection(section: Section, patch: JsonObject, stamp: Stamp): Section {
  return {
    value: mergePatch(section.value, patch),
    metadata: mergeMetadata(section.metadata, patch, stamp),
    version: section.version + 1,
  };
}

/** Puts a whole new value in place of the old one and counts the version up. */
export function replaceSection(section: Section, value: JsonObject, stamp: Stamp): Section {
  return {
    value: mergePatch({}, value),
    metadata: mergeMetadata({}, value, stamp),
    version: section.version + 1,
  };
}

/** The merge patch that turns `before` into `after` for a reader who has `before`: all of `after`, null for what went. */
export function replacementPatch(before: JsonObject, after: JsonObject): JsonObject {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const kept = Object.entries(after).map(([key, value]): readonly [string, Json] => {
    const old = memberOf(before, key);
    return [key, isObject(old) && isObject(value) ? replacementPatch(old, value) : value];
  });
  return objectOf([...kept, ...gone.map((key) => [key, null] as const)]);
}

/** RFC 7386. Nulls vanish, also inside objects that are new. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    const old = memberOf(target, key);
    if (value === null) merged.delete(key);
    else merged.set(key, isObject(value) ? mergePatch(isObject(old) ? old : {}, value) : value);
  }
  return objectOf(merged);
}

function mergeMetadata(metadata: JsonObject, patch: JsonObject, stamp: Stamp): JsonObject {
  const merged = new Map(Object.entries(metadata));
  for (const [key, value] of Object.entries(patch)) {
    const old = memberOf(metadata, key);
    if (value === null) merged.delete(key);
    else if (isObject(value)) merged.set(key, mergeMetadata(isObject(old) ? old : {}, value, stamp));
    else merged.set(key, stampFields(stamp));
  }
  return objectOf([...merged, ...Object.entries(stampFields(stamp))]);
}

function stampFields({ at, version }: Stamp): JsonObject {
  return version === undefined ? { $lastUpdated: at } : { $lastUpdated: at, $lastUpdatedVersion: version };
}
