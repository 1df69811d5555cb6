export { AuditLog, type AuditWish } from './audit-log.ts';
export { type AuditRecord, appendAudit, whoRuns } from './own-record.ts';
