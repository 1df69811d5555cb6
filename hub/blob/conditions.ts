import { BlobError } from './errors.ts';

/** Conditional headers of a request (RFC 9110, 13.1), as far as a blob honours them. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

/** What the conditions are held against; undefined: there is no committed blob. */
export interface Validators {
  readonly etag: string;
  readonly modifiedAt: Date;
}

/** Throws when a write may not go on: BlobAlreadyExists for `If-None-Match: *`, else ConditionNotMet. */
export function checkWrite(conditions: Conditions, current: Validators | undefined): void {
  if (current && conditions.ifNoneMatch === '*') throw new BlobError('BlobAlreadyExists');
  if (!current && conditions.ifMatch !== undefined) throw new BlobError('ConditionNotMet');
  if (current && !holds(conditions, current)) throw new BlobError('ConditionNotMet');
}

/** How a read goes on: with the blob, or with "not modified". Throws ConditionNotMet. */
export function checkRead(conditions: Conditions, current: Validators): 'send' | 'not-modified' {
  const { ifNoneMatch, ifModifiedSince, ...positive } = conditions;
  if (!holds(positive, current)) throw new BlobError('ConditionNotMet');
  return holds({ ifNoneMatch, ifModifiedSince }, current) ? 'send' : 'not-modified';
}

function holds(conditions: Conditions, { etag, modifiedAt }: Validators): boolean {
  const seconds = Math.floor(modifiedAt.getTime() / 1000) * 1000;
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined && !names(ifMatch, etag)) return false;
  if (ifNoneMatch !== undefined && names(ifNoneMatch, etag)) return false;
  if (ifUnmodifiedSince !== undefined && seconds > Date.parse(ifUnmodifiedSince)) return false;
  return !(ifNoneMatch === undefined && ifModifiedSince !== undefined && seconds <= Date.parse(ifModifiedSince));
}

/** True when a list of entity tags has this one, `*`, or the tag without its quotes. */
function names(list: string, etag: string): boolean {
  return list.split(',').some((each) => {
    const tag = each.trim();
    return tag === '*' || tag === etag || `"${tag}"` === etag;
  });
}
