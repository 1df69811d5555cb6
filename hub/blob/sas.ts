import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  BlobSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { uploadContainer } from '../settings.ts';
import { BlobError } from './errors.ts';

export interface StorageAccount {
  readonly name: string;
  /** Base64. */
  readonly key: string;
}

/** Read, create, write, delete. */
export type SasPermission = 'r' | 'c' | 'w' | 'd';

/** A token that verified. */
export interface Grant {
  readonly permissions: ReadonlySet<string>;
  /** Response headers that the token prescribes for reads. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** The first version whose string to sign has the encryption scope, as every current SDK makes it. */
const oldestVersion = '2020-12-06';

/** The query parameters of a service SAS that this endpoint understands. A token with any other is refused. */
const signedParameters = ['sv', 'sr', 'sp', 'st', 'se', 'spr', 'sig', 'rscc', 'rscd', 'rsce', 'rscl', 'rsct'] as const;
const foreignParameters = [
  'si',
  'sip',
  'ses',
  'sdd',
  'ss',
  'srt',
  'skoid',
  'sktid',
  'skt',
  'ske',
  'sks',
  'skv',
  'srh',
  'srq',
];

const overrideHeaders = [
  ['rscc', 'cache-control'],
  ['rscd', 'content-disposition'],
  ['rsce', 'content-encoding'],
  ['rscl', 'content-language'],
  ['rsct', 'content-type'],
] as const;

/** A token for one blob to read, create and write it until `expiresAt`: query string with leading `?`. A secret. */
export function mintUploadSas(account: StorageAccount, blobName: string, expiresAt: Date): string {
  const sas = generateBlobSASQueryParameters(
    {
      containerName: uploadContainer,
      blobName,
      permissions: BlobSASPermissions.parse('rcw'),
      expiresOn: expiresAt,
      protocol: SASProtocol.Https,
    },
    new StorageSharedKeyCredential(account.name, account.key),
  );
  return `?${sas.toString()}`;
}

/**
 * Verifies the service SAS of a request by making its string to sign again (Azure, "Create a service SAS") and comparing
 * signatures. Throws BlobError: no token, a token that does not verify for this blob, or one that is not valid now.
 */
export function verifySas(query: URLSearchParams, account: StorageAccount, blobName: string, now: Date): Grant {
  if (!query.has('sig')) throw new BlobError('NoAuthenticationInformation');
  if (foreignParameters.some((name) => query.has(name))) throw new BlobError('AuthenticationFailed');
  if (signedParameters.some((name) => query.getAll(name).length > 1)) throw new BlobError('AuthenticationFailed');
  const value = (name: (typeof signedParameters)[number]) => query.get(name) ?? '';
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value('sv')) || value('sv') < oldestVersion)
    throw new BlobError('AuthenticationFailed');
  const stringToSign = [
    value('sp'),
    value('st'),
    value('se'),
    canonicalResource(account.name, value('sr'), blobName),
    '', // stored access policy
    '', // IP range
    value('spr'),
    value('sv'),
    value('sr'),
    '', // snapshot
    '', // encryption scope
    ...overrideHeaders.map(([name]) => value(name)),
  ].join('\n');
  const expected = createHmac('sha256', Buffer.from(account.key, 'base64')).update(stringToSign).digest();
  const given = Buffer.from(value('sig'), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new BlobError('AuthenticationFailed');
  if (!isValidAt(now, value('st'), value('se'))) throw new BlobError('AuthenticationFailed');
  const overrides = overrideHeaders.filter(([name]) => query.has(name)).map(([name, header]) => [header, value(name)]);
  return { permissions: new Set(value('sp')), overrides: Object.fromEntries(overrides) };
}

/** Throws AuthorizationPermissionMismatch when the token allows none of `anyOf`. */
export function requirePermission(grant: Grant, ...anyOf: readonly SasPermission[]): void {
  if (!anyOf.some((permission) => grant.permissions.has(permission)))
    throw new BlobError('AuthorizationPermissionMismatch');
}

function canonicalResource(account: string, resource: string, blobName: string): string {
  if (resource === 'b') return `/blob/${account}/${uploadContainer}/${blobName}`;
  if (resource === 'c') return `/blob/${account}/${uploadContainer}`;
  throw new BlobError('AuthenticationFailed');
}

function isValidAt(now: Date, start: string, expiry: string): boolean {
  const from = start === '' ? Number.NEGATIVE_INFINITY : Date.parse(start);
  const to = Date.parse(expiry);
  return from <= now.getTime() && now.getTime() < to;
}
