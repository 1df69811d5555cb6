import { GatewayError } from '../../core/errors.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

export class TwinError extends GatewayError<'NOT_AN_OBJECT' | 'VALUE_REFUSED' | 'TOO_LARGE'> {}

/** Largest sizes in bytes, counted as IoT Hub counts ($metadata and $version apart). */
export const maxPropertiesBytes = 32 * 1024;
export const maxTagsBytes = 8 * 1024;

const maxDepth = 10;
const maxKeyBytes = 1024;
const maxStringBytes = 4096;

/** Whole numbers beyond these lose digits in some of IoT Hub's readers, so it refuses them. */
const smallestInteger = -4_503_599_627_370_496;
const largestInteger = 4_503_599_627_370_495;

/** A patch or a new section of a twin, before it is applied. Throws with the path of the member that is refused. */
export function checkTwinJson(json: Json): asserts json is JsonObject {
  if (!isObject(json)) throw new TwinError('NOT_AN_OBJECT', 'a twin section is a JSON object');
  checkMembers(json, 1);
}

/** Throws TOO_LARGE when a section has outgrown its limit. */
export function checkTwinSize(section: JsonObject, maxBytes: number, what: string): void {
  const bytes = sizeOf(section);
  if (bytes > maxBytes) throw new TwinError('TOO_LARGE', `${what} would have ${bytes} bytes, at most ${maxBytes} fit`);
}

/** Size as IoT Hub counts it: key and string bytes in UTF-8, 8 for a number, 4 for a boolean. */
export function sizeOf(value: Json): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return 8;
  if (typeof value === 'boolean') return 4;
  if (value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, each: Json) => sum + sizeOf(each), 0);
  return Object.entries(value).reduce((sum, [key, each]) => sum + Buffer.byteLength(key) + sizeOf(each), 0);
}

function checkMembers(object: JsonObject, depth: number): void {
  if (depth > maxDepth) throw new TwinError('VALUE_REFUSED', `a twin is at most ${maxDepth} levels deep`);
  for (const [key, value] of Object.entries(object)) {
    checkKey(key);
    checkValue(value, depth);
  }
}

function checkValue(value: Json, depth: number): void {
  if (typeof value === 'string' && Buffer.byteLength(value) > maxStringBytes) {
    throw new TwinError('VALUE_REFUSED', `a string in a twin has at most ${maxStringBytes} bytes`);
  }
  if (Number.isInteger(value) && (Number(value) < smallestInteger || Number(value) > largestInteger)) {
    throw new TwinError('VALUE_REFUSED', 'an integer in a twin lies between -2^52 and 2^52 - 1');
  }
  if (Array.isArray(value)) {
    if (depth >= maxDepth) throw new TwinError('VALUE_REFUSED', `a twin is at most ${maxDepth} levels deep`);
    for (const each of value as readonly Json[]) checkValue(each, depth + 1);
  } else if (isObject(value)) {
    checkMembers(value, depth + 1);
  }
}

/** Keys: at most 1 KB, no control characters, none of `.`, `$` and space. */
function checkKey(key: string): void {
  const refused = [...key].some(
    (each) => each <= ' ' || each === '.' || each === '$' || (each >= '\x7f' && each <= '\x9f'),
  );
  if (refused || key === '' || Buffer.byteLength(key) > maxKeyBytes) {
    throw new TwinError(
      'VALUE_REFUSED',
      'a key in a twin has 1 to 1024 bytes and no control character, dot, $ or space',
    );
  }
}
