export { type CheckOptions, type CheckReport, checkStudy } from './check-study.ts';
export type { CheckName, CheckResult, Outcome, Subject } from './result.ts';
