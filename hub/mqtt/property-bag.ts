/** The properties of a device-to-cloud message, as its topic carries them. */
export interface PropertyBag {
  readonly messageId?: string;
  readonly contentType?: string;
  /** Application properties; other system properties stay under their wire name (`$.cid`, `$.ce`, ...). */
  readonly properties: Readonly<Record<string, string>>;
}

/**
 * Reads `%24.mid=..&kind=..`. Undefined when an escape is malformed. The broken escape would otherwise reach whoever
 * reads the event.
 */
export function readPropertyBag(bag: string): PropertyBag | undefined {
  const entries = new Map<string, string>();
  for (const pair of bag.split('&')) {
    if (pair === '') continue;
    const [key, ...rest] = pair.split('=');
    const [name, value] = [decoded(key ?? ''), decoded(rest.join('='))];
    if (name === undefined || value === undefined || name === '') return undefined;
    entries.set(name, value);
  }
  const [messageId, contentType] = [entries.get('$.mid'), entries.get('$.ct')];
  entries.delete('$.mid');
  entries.delete('$.ct');
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(contentType === undefined ? {} : { contentType }),
    properties: Object.fromEntries(entries),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
