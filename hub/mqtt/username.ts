/** Who a CONNECT says it is: a device of the hub, or one that asks DPS for its hub. */
export type ConnectName =
  | { readonly kind: 'device'; readonly host: string; readonly deviceId: string }
  | { readonly kind: 'dps'; readonly idScope: string; readonly registrationId: string };

/**
 * Reads the user name of a CONNECT: `{host}/{deviceId}/?api-version=..` of a device, or
 * `{idScope}/registrations/{registrationId}/api-version=..` for DPS. Undefined when it is neither.
 */
export function readUserName(userName: string): ConnectName | undefined {
  const [first, second, third, ...rest] = userName.split('/');
  if (!first || !second || !third) return undefined;
  if (second === 'registrations') {
    if (!rest[0]?.startsWith('api-version=')) return undefined;
    return { kind: 'dps', idScope: first, registrationId: third };
  }
  if (!/^\??(?:.*&)?api-version=/.test(third)) return undefined;
  return { kind: 'device', host: first, deviceId: second };
}

/** True when `host`, with or without a port, is one of the hub's names. */
export function isHostOf(host: string, names: readonly string[]): boolean {
  const bare = host.replace(/:\d{1,5}$/, '').toLowerCase();
  return names.some((name) => name.toLowerCase() === bare);
}
