export { type Account, type AccountableVerbs, accountable } from './accountable.ts';
export { AuditLog } from './audit-log.ts';
export { sweepClaims } from './claim.ts';
export { GateRecords } from './gate-records.ts';
export { recordOwn } from './leave.ts';
export { openAudit } from './open-audit.ts';
export { pendingRecords } from './pending.ts';
export { type AuditWish, leaseRecordId } from './stamp.ts';
export { SyslogCopy } from './syslog-copy.ts';
