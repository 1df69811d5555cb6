export { type AuditRecord, appendAudit, whoRuns } from './audit-log.ts';
