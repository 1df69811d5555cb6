import type { AuditAction, AuditRecord } from '../../protocol/audit.ts';

/** Facility 13, "log audit" (RFC 5424, 6.2.1). */
const facility = 13;
/** What somebody should look at; all else is informational. */
const warnings: ReadonlySet<AuditAction> = new Set([
  ...([
    'refused',
    'clock-jumped',
    'gate-stuck',
    'delivery-stalled',
    'procedure-override',
    'record-unreadable',
    'relink',
  ] as const),
]);

/** A record of the audit log with its hash, as RFC 5424 wants it; the message is JSON in ASCII: `{hash, record}`. */
export function syslogMessage(text: string, hash: string, hostName: string): string {
  const { at, action } = JSON.parse(text) as AuditRecord;
  const severity = warnings.has(action) ? 4 : 6;
  const message = ascii(`{"hash":"${hash}","record":${text}}`);
  return `<${facility * 8 + severity}>1 ${at} ${hostName} vestibule - ${action} - ${message}`;
}

/** Octet counting (RFC 5425, 4.3.1): the length in bytes, a space, the message. */
export function frame(message: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(message)} ${message}`);
}

/** JSON with everything else escaped, so that no byte order mark is needed. */
function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
