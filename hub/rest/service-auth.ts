import { createHmac, timingSafeEqual } from 'node:crypto';
import { isHostOf } from '../mqtt/username.ts';
import { servicePolicy } from '../settings.ts';

export interface ServiceKey {
  /** Base64. */
  readonly key: string;
  /** The names under which a token may speak of the hub. */
  readonly hostNames: readonly string[];
}

/**
 * Verifies an `Authorization: SharedAccessSignature sr=..&sig=..&skn=service&se=..` header for a request path: the
 * HMAC-SHA256 of `sr` as it stands in the token, a newline and `se`; not expired; `sr` is the hub or a path above.
 */
export function isServiceCall(
  authorization: string | undefined,
  path: string,
  now: Date,
  service: ServiceKey,
): boolean {
  const fields = readToken(authorization);
  if (!fields) return false;
  const { sr, sig, se } = fields;
  if (fields.skn !== servicePolicy || !/^\d{1,12}$/.test(se) || Number(se) * 1000 <= now.getTime()) return false;
  const expected = createHmac('sha256', Buffer.from(service.key, 'base64')).update(`${sr}\n${se}`).digest();
  const given = Buffer.from(decoded(sig), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  return covers(decoded(sr), path, service.hostNames);
}

interface Token {
  readonly sr: string;
  readonly sig: string;
  readonly skn: string;
  readonly se: string;
}

function readToken(authorization: string | undefined): Token | undefined {
  const text = /^SharedAccessSignature (\S{1,2000})$/.exec(authorization ?? '')?.[1];
  if (text === undefined) return undefined;
  const fields = new Map(
    text.split('&').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const [sr, sig, skn, se] = ['sr', 'sig', 'skn', 'se'].map((name) => fields.get(name));
  return sr && sig && skn && se ? { sr, sig, skn, se } : undefined;
}

function covers(resource: string, path: string, hostNames: readonly string[]): boolean {
  const [host, ...above] = resource.split('/');
  if (!isHostOf(host ?? '', hostNames)) return false;
  const prefix = above.join('/');
  return prefix === '' || path === `/${prefix}` || path.startsWith(`/${prefix}/`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
