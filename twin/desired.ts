import { isObject, type JsonObject } from './reported.ts';

/** What the cloud wishes: the desired section without its `$version`, and that version. */
export interface Desired {
  readonly version: number;
  readonly properties: JsonObject;
}

/**
 * What a pushed patch means for what is known.
 * - `changed`: it follows directly; here is the new section.
 * - `stale`: it was already known (a push that crossed with a get).
 * - `gap`: something before it was missed (pushes are QoS 0); the section must be fetched.
 */
export type Observation =
  | { readonly kind: 'changed'; readonly desired: Desired }
  | { readonly kind: 'stale' }
  | { readonly kind: 'gap' };

/** Reads a fetched desired section. Undefined when it has no `$version`, which no hub sends. */
export function readDesired(section: unknown): Desired | undefined {
  if (!isObject(section)) return undefined;
  const { $version: version, $metadata: _metadata, ...properties } = section;
  return typeof version === 'number' ? { version, properties } : undefined;
}

/** Judges a pushed patch by its `$version`. Pure; the caller fetches where there is a gap. */
export function observe(known: Desired, patch: unknown): Observation {
  const next = readDesired(patch);
  if (!next) return { kind: 'gap' };
  if (next.version <= known.version) return { kind: 'stale' };
  if (next.version !== known.version + 1) return { kind: 'gap' };
  const properties = applyPatch(known.properties, next.properties);
  return { kind: 'changed', desired: { version: next.version, properties } };
}

/** RFC 7386, section 2: members of the patch replace, objects merge, `null` deletes, arrays are replaced whole. */
export function applyPatch(target: JsonObject, patch: JsonObject): JsonObject {
  const kept = Object.entries(target).filter(([key]) => !(key in patch));
  const changed = Object.entries(patch)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => [key, merged(target[key], value)] as const);
  return Object.fromEntries([...kept, ...changed]);
}

function merged(before: unknown, value: unknown): unknown {
  return isObject(value) ? applyPatch(isObject(before) ? before : {}, value) : value;
}
